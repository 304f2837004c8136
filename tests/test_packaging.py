"""The wheel and the sdist: really built, and nothing is in them that should not be."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = {".json", ".py", ".txt", ".typed", ".yaml"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(only(built, "*.whl"))


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    expected = sources(ROOT / "marty_chassis") | sources(ROOT / "hookspecs" / "marty_hookspecs")

    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert inside == expected


@pytest.mark.parametrize(
    "name",
    ["marty_chassis/py.typed", "marty_hookspecs/py.typed", "marty_hookspecs/contract.json"],
)
def test_the_wheel_holds_what_is_not_code(wheel: zipfile.ZipFile, name: str) -> None:
    assert name in wheel.namelist()


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    metadata = HeaderParser().parsestr(read(wheel, "METADATA"))

    assert metadata["Name"] == "marty-chassis"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert {"all", "cli", "fastapi", "metrics", "server", "standard"} <= {
        *metadata.get_all("Provides-Extra", [])
    }
    assert "marty = marty_chassis.cli:main" in read(wheel, "entry_points.txt")


def test_the_version_is_written_once(wheel: zipfile.ZipFile) -> None:
    program = wheel.read("marty_chassis/version.py").decode()
    namespace: dict[str, object] = {}
    exec(program, namespace)

    assert f"\nVersion: {namespace['__version__']}\n" in read(wheel, "METADATA")


def test_the_sdist_holds_no_rubbish(built: Path) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as sdist:
        paths = [Path(*Path(name).parts[1:]) for name in sdist.getnames()]

    assert {path.parts[0] for path in paths} <= {
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "PKG-INFO",
        "README.md",
        "SECURITY.md",
        "benchmarks",
        "docs",
        "examples",
        "hookspecs",
        "marty_chassis",
        "pyproject.toml",
        "tests",
        "tox.ini",
    }
    assert not [path for path in paths if "__pycache__" in path.parts or path.suffix == ".pyc"]


def test_the_sdist_alone_makes_the_same_wheel(
    built: Path, wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    with tarfile.open(only(built, "*.tar.gz")) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()

    again = zipfile.ZipFile(only(build(unpacked, tmp_path / "dist"), "*.whl"))

    assert again.namelist() == wheel.namelist()


def build(root: Path, target: Path) -> Path:
    """Build wheel and sdist of a source tree, with the hatchling that is installed."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=50, check=False)
    assert run.returncode == 0, run.stderr
    return target


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def sources(package: Path) -> set[str]:
    """What of a package is shipped, as the wheel names it."""
    return {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.suffix in SHIPPED and "__pycache__" not in path.parts
    }


def read(wheel: zipfile.ZipFile, name: str) -> str:
    (found,) = [entry for entry in wheel.namelist() if entry.endswith(f".dist-info/{name}")]
    return wheel.read(found).decode()

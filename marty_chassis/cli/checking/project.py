"""A project that need not be installed: the entry points of its `pyproject.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from marty_chassis.discovery.entry_points import GROUP

from .finding import Finding, shown
from .unit import Unit, files_of, is_package

PROJECT: Final = "pyproject.toml"
_LAYOUTS: Final = ("src", "lib", "")
"""Where a project keeps its packages."""
_NEAR: Final = 0.75
"""`marty-chassis.plugins` is near `marty.plugins` (0.76), `mkdocs.plugins` is not (0.67)."""


def has_entry_points(file: Path) -> bool:
    """Whether a project says that it brings plugins, means to say so, or cannot be read."""
    if not file.is_file():
        return False
    said = _said(file)
    return isinstance(said, Finding) or bool(_points(said) or _meant(said))


def project(root: Path) -> Iterator[Unit | Finding]:
    """Give what each entry point of the project leads to."""
    file = root / PROJECT
    said = _said(file)
    if isinstance(said, Finding):
        yield said
        return
    points = _points(said)
    if not points:
        yield _pointless(file, _meant(said))
    about = said.get("project", {})
    search = tuple(str(root / one) for one in _LAYOUTS if (root / one).is_dir())
    for name, value in points.items():
        module = value.partition(":")[0].strip()
        found = [one for folder in search if (one := _file_of(module, Path(folder))) is not None]
        if not found:
            yield _nowhere(file, name, module)
            continue
        yield Unit(
            "installed",
            _files_around(found[0], module),
            f"{about.get('name', root.name)}:{name}",
            name,
            value,
            str(about.get("name", root.name)),
            str(about.get("version", "")),
            search=search,
            group=str(file),
            asked=True,
        )


def _said(file: Path) -> dict[str, Any] | Finding:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        words = str(error)
        place = re.search(r"\(at line (\d+), column (\d+)\)", words)
        line, column = (int(one) for one in place.groups()) if place else (None, None)
        return Finding(
            "unreadable",
            "error",
            shown(file),
            f"it cannot be read: {words.partition(' (at line')[0]}",
            "Mend it there.",
            line,
            column,
        )


def _points(said: Any) -> dict[str, str]:
    points = _table(said, "project", "entry-points", GROUP)
    return {name: value for name, value in points.items() if isinstance(value, str)}


def _meant(said: Any) -> str:
    """The group whose name is nearly that of ours; "" where there is none."""
    groups = _table(said, "project", "entry-points").keys() - {GROUP}
    return "".join(get_close_matches(GROUP, groups, n=1, cutoff=_NEAR))


def _table(said: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        said = said.get(key) if isinstance(said, Mapping) else None
    return said if isinstance(said, Mapping) else {}


def _pointless(file: Path, meant: str) -> Finding:
    message = f"the project names no entry point of the group {GROUP!r}"
    write = f'Write [project.entry-points."{GROUP}"]'
    if not meant:
        hint = f'{write}, and below it: name = "package.module:Class".'
        return Finding("no-plugin", "error", shown(file), message, hint)
    message = f"{message}, and one of {meant!r}: nobody looks there"
    hint = f"Did you mean {GROUP!r}? {write}."
    return Finding("no-plugin", "error", shown(file), message, hint, _line(file, meant))


def _file_of(module: str, folder: Path) -> Path | None:
    base = folder.joinpath(*module.split("."))
    both = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in both if path.is_file()), None)


def _files_around(file: Path, module: str) -> tuple[Path, ...]:
    """The whole of the project's package, or the module where it is in none."""
    depth = module.count(".") + (file.name == "__init__.py")
    top = file.parents[depth - 1] if depth else file
    return files_of(top) if is_package(top) else (file,)


def _nowhere(file: Path, name: str, module: str) -> Finding:
    return Finding(
        "no-plugin",
        "error",
        shown(file),
        f"the entry point {name!r} names the module {module!r}, which is not in the project",
        "Write package.module:Class; packages are looked for in src, in lib and here.",
        _line(file, name, module),
    )


def _line(file: Path, *words: str) -> int | None:
    """The first line with all of these in it."""
    lines = enumerate(file.read_text("utf-8").splitlines(), 1)
    return next((number for number, text in lines if all(one in text for one in words)), None)

"""Running the blocks of one scene in their order, in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import tomllib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import anyio
import pytest

from marty_chassis import Chassis, ChassisConfig
from marty_chassis.web.management.endpoints import ENDPOINTS

from .expected import compare
from .page import ROOT, Block
from .process import as_main, at_home
from .shell import Shell

# pytester takes away what a block was the first to import; these would be there twice then, and the
# errors of one be unknown to the other.
for _name in ("httpcore2", "httptools", "uvicorn", "websockets"):
    import_module(_name)


class Scene:
    """The folder, what was said last, and the service that serves."""

    def __init__(self, folder: Path, pytester: pytest.Pytester) -> None:
        self.folder = folder
        self.shell = Shell(pytester)
        self._said: str | None = None
        """What the last block printed; None where nothing was run."""
        self._names: ModuleType | None = None
        self._unloaded = False
        """Whether plugins were written that nothing has loaded since."""
        self._broken = False

    def play(self, blocks: tuple[Block, ...]) -> None:
        """Run them all; what goes wrong is an `AssertionError` with the place in the page."""
        with at_home(self.folder), contextlib.closing(self.shell):
            for block in blocks:
                try:
                    self._run(block)
                except Exception as error:
                    raise AssertionError(f"{block}: {type(error).__name__}: {error}") from error
            if self._unloaded:
                self._load()

    def _run(self, block: Block) -> None:
        if block.marks.keys() & {"not run", "run by"}:
            self._said = None
        elif name := block.marks.get("file"):
            self._write(name, block)
        elif "drawing" not in block.marks:
            self._kinds[block.language](self, block)

    def _write(self, name: str, block: Block) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, encoding="utf-8")
        self._broken = self._broken or "broken" in block.marks
        if path.suffix == ".py" and "broken" not in block.marks:
            compile(block.code, name, "exec")
        self._unloaded = self._unloaded or name.startswith("plugins/")
        self._said = None

    def _python(self, block: Block) -> None:
        if "continues" not in block.marks or self._names is None:
            self._names = ModuleType("__main__")
        said = io.StringIO()
        self._unloaded = False
        with as_main(self._names), contextlib.redirect_stdout(said):
            self._said = self._failing(block, lambda: _executed(block, self._names))
        self._said = said.getvalue() if self._said is None else self._said

    def _yaml(self, block: Block) -> None:
        Path("config.yaml").write_text(block.code, encoding="utf-8")
        self._said = self._failing(block, lambda: ChassisConfig.from_file("config.yaml"))

    def _failing(self, block: Block, run: Callable[[], object]) -> str | None:
        """Run what is to raise or not; gives the error's words."""
        wanted = block.marks.get("fails")
        try:
            run()
        except (Exception, ExceptionGroup) as error:
            if wanted not in [kind.__name__ for kind in type(error).__mro__]:
                raise
            return str(error)
        assert wanted is None, f"it did not raise {wanted}"
        return None

    def _sh(self, block: Block) -> None:
        self._unloaded = False
        self._said = self.shell.run(block.code, int(block.marks.get("fails", "0")))

    def _output(self, block: Block) -> None:
        assert self._said is not None, "it follows nothing that printed: is it a drawing?"
        compare(block.language, block.code, self._said, self.folder)

    def _toml(self, block: Block) -> None:
        tomllib.loads(block.code)

    def _http(self, block: Block) -> None:
        known = {(one.method, one.path) for one in ENDPOINTS}
        for line in block.code.splitlines():
            method, path = line.split()
            assert (method, path.partition("?")[0]) in known, f"nobody answers {line}"

    _kinds = {
        "python": _python,
        "yaml": _yaml,
        "sh": _sh,
        "text": _output,
        "json": _output,
        "toml": _toml,
        "http": _http,
    }

    def _load(self) -> None:
        """Start a service with the plugins that were written, and see which of them start."""
        states = anyio.run(self._states)
        failed = {name: why for name, why in states.items() if why != "started"}
        assert states, "nothing in plugins/ is a plugin"
        assert bool(failed) == self._broken, failed or "nothing is broken"

    async def _states(self) -> dict[str, str]:
        config = "config.yaml" if Path("config.yaml").exists() else None
        directories = () if config else ("plugins",)
        async with Chassis(config, plugin_directories=directories) as chassis:
            found = await chassis.plugin_manager.status()
        return {one.name: f"{one.state.value} {one.reason}".rstrip() for one in found}


def _executed(block: Block, module: ModuleType | None) -> None:
    assert module is not None
    # Tracebacks lead to the line of the page.
    source = "\n" * (block.line - 1) + block.code
    exec(compile(source, str(ROOT / block.page), "exec", dont_inherit=True), vars(module))

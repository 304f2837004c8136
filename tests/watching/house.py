"""A service whose files are watched: real files, real events, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from types import TracebackType
from typing import Any, Self

import anyio
from loguru import logger

from marty_chassis import Chassis
from marty_chassis.lifecycle import PluginStatus, State

LONG = 8.0
"""Seconds after which what does not come fails the test."""


def source(name: str, word: object = 1, more: str = "") -> str:
    """A plugin that says a word."""
    return dedent(f"""
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name={name!r}{more})
        class Plugin(IPlugin):
            word = {word!r}
        """)


class House:
    """A project in a folder. `async with` runs a service of it; its log is in `lines`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lines: list[str] = []
        (root / "plugins").mkdir()

    def write(self, path: str, text: str) -> Path:
        """Write a file, all at once, and the folders above it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_name(f".{file.name}")
        aside.write_text(text)
        return aside.replace(file)

    def plugin(self, name: str, word: object = 1, *, file: str = "", more: str = "") -> Path:
        """Write a plugin file."""
        return self.write(f"plugins/{file or name}.py", source(name, word, more))

    def configure(self, plugins: dict[str, Any] | None = None, **sections: Any) -> Path:
        """Write the configuration: JSON, which is YAML too."""
        own = {"directories": ["plugins"], "entry_points": "none", "reload": {"watch": True}}
        return self.write(
            "config.yaml", json.dumps({"plugins": {**own, **(plugins or {})}, **sections}, indent=1)
        )

    async def __aenter__(self) -> Self:
        if not (self.root / "config.yaml").exists():
            self.configure()
        self._sink = logger.add(
            lambda line: self.lines.append(str(line)),
            format=lambda _: "{level.name} {extra} {message}\n",
            level="INFO",
            filter="marty_chassis",
        )
        self.chassis = Chassis(self.root / "config.yaml")
        await self.chassis.__aenter__()
        await self.until(lambda: self.said("watches plugins/"))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.chassis.__aexit__(kind, error, traceback)
        finally:
            logger.remove(self._sink)
            for one in self.chassis.plugin_manager.supervisor.candidates().values():
                one.leave()

    def names(self) -> list[str]:
        """The plugins that are there, by name."""
        return sorted(one.name for one in self.chassis.plugin_manager.supervisor.status())

    def status(self, name: str) -> PluginStatus:
        """Everything about one plugin."""
        return self.chassis.plugin_manager.supervisor.status_of(name)

    def word(self, name: str) -> Any:
        """What the plugin that serves says; None where none serves."""
        if name not in self.names():
            return None
        return getattr(self.chassis.plugin_manager.supervisor.instance_of(name), "word", None)

    def generations(self) -> dict[str, int]:
        """Which run of each plugin it is."""
        return {n: self.status(n).generation for n in self.names()}

    def said(self, *words: str) -> bool:
        """Whether one line of the log has all of these words."""
        return any(all(word in line for word in words) for line in self.lines)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what the watching brings about."""
        with anyio.move_on_after(LONG):
            while not condition():
                await anyio.sleep(0.005)
            return
        raise AssertionError("it never came; the log:\n" + "".join(self.lines))

    async def more_lines(self, before: int) -> None:
        """Wait until something has been said."""
        await self.until(lambda: len(self.lines) > before)

    async def says(self, name: str, word: object) -> None:
        """Wait until the plugin that serves says this word."""
        await self.until(lambda: self.word(name) == word)

    async def is_quiet(self) -> None:
        """Wait until all that was written so far has been looked at, twice over."""
        sentinel = self.plugin("sentinel")
        await self.until(lambda: "sentinel" in self.names() and self.started("sentinel"))
        sentinel.unlink()
        await self.until(lambda: "sentinel" not in self.names())

    def started(self, name: str) -> bool:
        """Whether a plugin serves."""
        return self.status(name).state is State.STARTED

"""All sources of one configuration, read in their order and laid over each other."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Final

from marty_chassis.settings.document import read_document
from marty_chassis.settings.folding import fold
from marty_chassis.settings.given import HookLayer, argument_layer, hook_layer
from marty_chassis.settings.layer import Layer, laid
from marty_chassis.settings.variables import (
    Variable,
    dotenv,
    environment,
    secret_files,
    variables_layer,
)

__all__ = ["Loading"]

#: Where Docker and Kubernetes put secrets; only files that are named like our variables are read.
_USUAL_SECRETS: Final = FilePath("/run/secrets")


@dataclass(frozen=True, slots=True)
class Loading:
    """Which sources there are, of each kind the strongest first; `layer()` reads them."""

    path: FilePath | None = None
    hooks: tuple[HookLayer | Mapping[str, object], ...] = field(default=(), repr=False)
    arguments: tuple[Mapping[str, object], ...] = field(default=(), repr=False)
    cwd: FilePath = field(default_factory=FilePath.cwd)
    without: frozenset[str] | None = None
    """Keys, dotted, that are read as if nobody had written them; what is wrong is not said then."""

    @property
    def folder(self) -> FilePath:
        """The configuration file's folder, its links not followed; else the working directory."""
        return self.cwd if self.path is None else (self.cwd / self.path).parent

    def layer(self, fields: Collection[str]) -> Layer:
        """Read all sources, the strongest first. Raises InvalidConfiguration as the file does."""
        more: Layer = Layer()
        sources = [
            *(argument_layer(values, self.cwd) for values in self.arguments),
            variables_layer(environment(os.environ, self.cwd), fields),
            variables_layer(dotenv(self.folder / ".env", more.problems), fields),
            variables_layer(self._secrets(more), fields),
            *(hook_layer(answer, self.folder) for answer in self.hooks),
            read_document(self.path, self.cwd) if self.path is not None else Layer(),
            more,
        ]
        found = laid(fold(source) for source in sources)
        if self.without is None:
            return found
        for path in self.without:
            _take_out(found.data, path.split("."))
        return Layer(found.data, found.origins)

    def _secrets(self, more: Layer) -> Iterable[Variable]:
        named = os.environ.get("MARTY_SECRETS_DIR", "")
        folder = FilePath(named).expanduser() if named else _USUAL_SECRETS
        if not named and not folder.is_dir():
            return ()
        return secret_files(folder, more.problems, self.cwd)


def _take_out(data: dict[str, object], keys: Sequence[str]) -> None:
    """Take out what is there, if anything is; of a list all of it."""
    key, *inside = keys
    below = data.get(key)
    if inside and isinstance(below, dict):
        _take_out(below, inside)
    else:
        data.pop(key, None)

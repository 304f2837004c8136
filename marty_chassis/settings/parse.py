"""A text to the nodes of YAML; the parser's errors with a place, and without what is written."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError

from marty_chassis.settings.textfile import line_and_column, unreadable

__all__ = ["NO_TAG", "line_column", "parsed"]

NO_TAG: Final = "a YAML tag (!name), which a configuration may not have"
_DEEPEST: Final = 100
_TOO_DEEP: Final = f"nested deeper than {_DEEPEST} levels"
_NOT_YAML: Final = "Mend the YAML there; quote a value that holds special characters."


def parsed(text: str, path: FilePath) -> tuple[Node | None, YAML]:
    """Give the root, None for an empty text, and what can turn scalars into values.

    Raises InvalidConfiguration for what is not YAML; messages call the file `path`.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.max_depth = _DEEPEST
    yaml.composer.warn_double_anchors = False
    try:
        return yaml.compose(text), yaml
    except ReaderError as error:
        line, column = line_and_column(text[: error.position])
        raise unreadable(path, f"{line}:{column}", "a control character", _NOT_YAML) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise unreadable(path, line_column(mark), _syntax(error), _NOT_YAML) from None
    except YAMLError as error:  # pragma: no cover - every error that we have met has a mark
        raise unreadable(path, "", type(error).__name__, _NOT_YAML) from None


def line_column(mark: object) -> str:
    """Give `line:column`, both from 1; nothing where there is no mark."""
    line, column = getattr(mark, "line", None), getattr(mark, "column", None)
    return "" if line is None or column is None else f"{line + 1}:{column + 1}"


def _syntax(error: MarkedYAMLError) -> str:
    """Give the parser's words, but for those that repeat what is written there."""
    words = str(error.problem or error.context or "not YAML")
    if "undefined alias" in words:
        return "an alias (*name) of nothing"
    if "tag handle" in words or "%TAG" in words:
        return NO_TAG
    if "maximum depth" in words:
        return _TOO_DEEP
    if "another document" in words:
        return "a second document (---)"
    return words

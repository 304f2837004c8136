"""A file as text: what keeps it from being one is an error with a place."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Final

from marty_chassis.errors import InvalidConfiguration, Problem

__all__ = ["LARGEST", "line_and_column", "read_text", "unreadable"]

LARGEST: Final = 1024 * 1024
"""bytes a file may have"""


def read_text(where: FilePath, path: FilePath) -> str:
    """Read the file as UTF-8; raises InvalidConfiguration where it cannot be, or is too large.

    `where` is the file, `path` what messages call it.
    """
    try:
        with where.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        hint = f"Write one with `marty config create {path}`, or name another file."
        raise unreadable(path, "", "there is no such file", hint) from None
    except IsADirectoryError:
        hint = "Name the file in it, as in `config.yaml`."
        raise unreadable(path, "", "this is a folder, not a file", hint) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise unreadable(path, "", message, "Look at the file's rights.") from None
    if len(content) > LARGEST:
        hint = "A configuration holds settings, not data."
        raise unreadable(path, "", f"larger than {LARGEST:,} bytes", hint)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = line_and_column(content[: error.start].decode("utf-8", "replace"))
        message = "a byte that is not UTF-8"
        raise unreadable(path, f"{line}:{column}", message, "Save the file as UTF-8.") from None


def unreadable(path: FilePath, place: str, message: str, hint: str) -> InvalidConfiguration:
    """Give the error for a whole file; the place in it may be empty."""
    where = f"{path}:{place}" if place else str(path)
    return InvalidConfiguration([Problem("", message, where, hint)])


def line_and_column(before: str) -> tuple[int, int]:
    """Give the place of what follows this text, both numbers from 1."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")

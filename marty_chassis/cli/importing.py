"""From `module:name` to an ASGI application, wherever and however it is made."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from pathlib import Path
from typing import Any, cast

from marty_chassis.errors import NoApplication, did_you_mean
from marty_hookspecs.web import ASGIApp


def imported(target: str, folder: Path) -> object:
    """Import the module, which may lie in the folder, and give what it calls so.

    Raises NoApplication with the place of what went wrong.
    """
    module_name, _, name = target.partition(":")
    here = str(folder.absolute())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _failed(target, error) from error
        near = did_you_mean(module_name, _modules(folder))
        advice = f"{near} Modules are looked for in {here} and among what is installed.".lstrip()
        raise NoApplication(target, f"there is no module {error.name!r}", advice) from error
    except (Exception, SystemExit) as error:
        raise _failed(target, error) from error
    for part in name.split("."):
        if not hasattr(found, part):
            public = (
                [one for one in vars(found) if one[:1] != "_"] if hasattr(found, "__dict__") else []
            )
            where = getattr(found, "__file__", None) or repr(found)
            advice = f"{did_you_mean(part, public)} Name what is in {where}.".lstrip()
            raise NoApplication(target, f"it has no {part!r}", advice)
        found = getattr(found, part)
    return found


async def made(target: str, found: object) -> ASGIApp:
    """Give the application: the object itself, or what the function of no arguments makes.

    An asynchronous function is awaited here, in the loop that will serve what it makes. Raises
    NoApplication.
    """
    if _is_factory(found):
        try:
            found = cast("Any", found)()
            if inspect.isawaitable(found):
                found = await found
        except Exception as error:
            raise _failed(target, error) from error
    if not callable(found):
        kind = type(found).__name__
        advice = "Name an ASGI application, or a function without arguments that makes one."
        raise NoApplication(target, f"it is of type {kind}, which cannot be called", advice)
    return cast("ASGIApp", found)


def _is_factory(found: object) -> bool:
    """Whether it can be called with nothing; an application takes scope, receive and send."""
    try:
        inspect.signature(cast("Any", found)).bind()
    except (TypeError, ValueError):
        return False
    return True


def _failed(target: str, error: BaseException) -> NoApplication:
    words = error.msg if isinstance(error, SyntaxError) else str(error)
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return NoApplication(target, f"{_where(error)}{said}", "Use --verbose for the traceback.")


def _where(error: BaseException) -> str:
    """The line of the application's own code that raised, not of the machinery that imports it."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{os.path.relpath(error.filename)}:{error.lineno}: "
    found = ""
    traceback = error.__traceback__
    while traceback is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and file not in (__file__, importlib.__file__):
            found = f"{file}:{traceback.tb_lineno}: "
        traceback = traceback.tb_next
    return found


def _modules(folder: Path) -> list[str]:
    try:
        return [one.stem for one in folder.iterdir() if one.suffix == ".py" or one.is_dir()]
    except OSError:
        return []

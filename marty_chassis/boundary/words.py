"""What an exception, or anything else, says, even when it is made to misbehave."""

from __future__ import annotations

import traceback

MESSAGE_LIMIT = 2_000
"""Characters of a message that are kept."""

TRACEBACK_LIMIT = 20_000
"""Characters of a traceback that are kept."""


PLACES_LIMIT = 20
"""Frames of a traceback that consists of places alone."""


def message_of(said: object) -> str:
    """Give the words of an exception, or of anything, or say that it has none to give."""
    try:
        return str(said)
    except BaseException as failure:
        return f"<its __str__ raised {type(failure).__name__}>"


def traceback_of(error: BaseException) -> str:
    """Give the traceback, causes included, as Python prints it: lines of code, no values."""
    try:
        return "".join(traceback.format_exception(error))
    except BaseException as failure:
        return f"<its traceback cannot be written: {type(failure).__name__}>\n"


def places_of(error: BaseException) -> str:
    """Give the traceback's last places alone: a hundredth of the time, and no causes."""
    frames = [
        f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}\n"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return "".join(frames[-PLACES_LIMIT:])


def holds_interrupt(error: BaseException) -> bool:
    """Whether it is a `KeyboardInterrupt`, or a group that has one in it."""
    todo = [error]
    while todo:
        one = todo.pop()
        if isinstance(one, KeyboardInterrupt):
            return True
        if isinstance(one, BaseExceptionGroup):
            todo.extend(one.exceptions)
    return False


def consists_of(
    error: BaseException, kinds: type[BaseException] | tuple[type[BaseException], ...]
) -> bool:
    """Whether it is of these kinds, or a group with nothing else in it, however deep."""
    todo = [error]
    while todo:
        one = todo.pop()
        if isinstance(one, BaseExceptionGroup):
            todo.extend(one.exceptions)
        elif not isinstance(one, kinds):
            return False
    return True


def shortened(text: str, limit: int) -> str:
    """Give the text, or its beginning and end with the number of characters left out."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"

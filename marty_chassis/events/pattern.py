"""Which types of events a subscriber wants.

A type is words with dots between them: `user.login`. In a pattern `*` stands for exactly one word,
`**` at the end for one word or more, and a `*` alone, as everybody means it, for every event.
"""

from __future__ import annotations

import re

from marty_chassis.errors import InvalidEvent

# The characters left out mean something to the brokers that may carry events one day.
_WORD = r"[^\s.*>]+"
_TYPE = re.compile(rf"{_WORD}(?:\.{_WORD})*")
_PATTERN = re.compile(rf"(?:\*\*?|(?:{_WORD}|\*)(?:\.(?:{_WORD}|\*))*(?:\.\*\*)?)")


class Pattern:
    """A pattern of event types; raises `InvalidEvent` for what is none."""

    __slots__ = ("_regex", "exact", "text")

    def __init__(self, text: str) -> None:
        if not isinstance(text, str) or not _PATTERN.fullmatch(text):
            raise InvalidEvent(
                "the pattern",
                text,
                "Use words with dots between them; '*' stands for one whole word, '**' at the end"
                " for one or more, '*' alone for every event: 'user.login', 'user.*', 'user.**'.",
            )
        self.text = text
        self.exact = "*" not in text
        """Whether it is the name of one type."""
        words = ["**"] if text == "*" else text.split(".")
        self._regex = re.compile(r"\.".join(map(_as_regex, words)), re.DOTALL)

    def matches(self, type: str) -> bool:
        """Whether events of this type are wanted."""
        return self._regex.fullmatch(type) is not None

    def __repr__(self) -> str:
        return f"<Pattern {self.text}>"


def checked_type(found: object) -> str:
    """Give a type that an event can have, or raise `InvalidEvent`."""
    if isinstance(found, str) and _TYPE.fullmatch(found):
        return found
    raise InvalidEvent(
        "the event type",
        found,
        "Use words with dots between them, without '*', '>' and blanks: 'user.login'.",
    )


def _as_regex(word: str) -> str:
    return {"*": r"[^.]+", "**": r".+"}.get(word) or re.escape(word)

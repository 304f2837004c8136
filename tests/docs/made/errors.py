"""Everything that is raised, with its words, made of the tests that show each message."""

from __future__ import annotations

import inspect
import textwrap

from marty_chassis import errors
from marty_chassis.errors import MartyError
from tests.lifecycle.test_messages import MESSAGES as OF_THE_LIFECYCLE
from tests.test_errors import MESSAGES


def tree() -> str:
    """The tree as the docstring of `marty_chassis.errors` draws it."""
    drawn = (errors.__doc__ or "").partition("\n\n")[2].rpartition("\n\nEach error")[0]
    return f"<!-- drawing -->\n```text\n{textwrap.dedent(drawn).strip()}\n```"


def messages() -> str:
    """One section for each error, in alphabetical order, with what it says."""
    said: dict[str, list[str]] = {}
    for error, words in (*MESSAGES.items(), *OF_THE_LIFECYCLE.items()):
        said.setdefault(type(error).__name__, []).append(words)
    return "\n\n".join(_section(name, said[name]) for name in sorted(said))


def _section(name: str, said: list[str]) -> str:
    kind: type[MartyError] = getattr(errors, name)
    summary = (inspect.getdoc(kind) or "").split("\n\n")[0].replace("\n", " ")
    return "\n\n".join([f"### `{name}`", summary, *map(_shown, said)])


def _shown(words: str) -> str:
    if "\n" in words:
        return f"<!-- drawing -->\n```text\n{words}\n```"
    return f"> {words}".replace("<", "&lt;").replace("*", "\\*")

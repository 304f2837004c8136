"""`# marty: ignore[rule]`: one rule is suppressed, on the line where it stands."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from marty_chassis.errors import did_you_mean

from .finding import Finding
from .rules import RULES
from .source import Source

_IGNORE: Final = re.compile(r"#\s*marty:\s*ignore(?:\[(?P<rules>[^\]]*)\])?")
_NEVER: Final = frozenset({"unreadable", "syntax", "unused-ignore"})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment."""

    line: int
    column: int
    rules: tuple[str, ...]


def kept(
    findings: Iterable[Finding], sources: Collection[Source], *, run: bool
) -> Iterator[Finding]:
    """Give the findings that no comment suppresses, and one for each that suppresses nothing.

    run: whether the plugins were run, too; otherwise rules that want that are left alone.
    """
    ignores = {source.path: list(written(source)) for source in sources}
    used: set[tuple[str, int, str]] = set()
    for one in findings:
        if one.rule not in _NEVER and any(
            ignore.line == one.line and one.rule in ignore.rules
            for ignore in ignores.get(one.path, ())
        ):
            used.add((one.path, one.line or 0, one.rule))
        else:
            yield one
    for path, these in ignores.items():
        for ignore in these:
            yield from _unused(path, ignore, used, run=run)


def written(source: Source) -> Iterator[Ignore]:
    """Give the comments of a file; what looks like one inside of a text is none."""
    if "marty:" not in source.text:
        return
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source.text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        found = _IGNORE.match(token.string) if token.type == tokenize.COMMENT else None
        if found is not None:
            rules = (found["rules"] or "").replace(",", " ").split()
            yield Ignore(token.start[0], token.start[1] + 1, tuple(rules))


def _unused(
    path: str, ignore: Ignore, used: Collection[tuple[str, int, str]], *, run: bool
) -> Iterator[Finding]:
    def finding(message: str, hint: str) -> Finding:
        return Finding("unused-ignore", "warning", path, message, hint, ignore.line, ignore.column)

    if not ignore.rules:
        yield finding("it names no rule, and suppresses nothing", "Write # marty: ignore[rule].")
    for rule in ignore.rules:
        if rule not in RULES:
            near = did_you_mean(rule, list(RULES))
            hint = f"{near} `marty plugins check --rules` shows them all.".strip()
            yield finding(f"there is no rule {rule!r}", hint)
        elif (path, ignore.line, rule) not in used and (run or RULES[rule].depth == "source"):
            yield finding(f"nothing on this line breaks the rule {rule!r}", "Take it out.")

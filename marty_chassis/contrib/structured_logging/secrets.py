"""What of a log line is not shown: what is called a secret, looks like one, or is known to be one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from marty_chassis.boundary.words import shortened
from marty_chassis.settings.redaction import MASK, looks_secret

LONGEST: Final = 20_000
"""Characters of one text that are shown."""

_CALLED = r"secret|token|passw(?:or)?d|passphrase|credential|api[_-]?key|authorization|cookie"
_AT_THE_END = re.compile(rf"(?:{_CALLED}|key|pin)s?\Z", re.IGNORECASE)
_HEADERS = re.compile(r"authorization|cookie", re.IGNORECASE)

# Each begins with a word and repeats within limits, or without going back: a line may be long, and
# somebody else's. Each is tried only where one of its signs, in lower case, is in the text.
_SIGNS_OF_CALLED = (
    *("secret", "token", "passw", "passphrase", "credential"),
    *("apikey", "api_key", "api-key", "key=", "authorization", "cookie"),
)
_QUOTED = r"(?:'(?:[^'\\\r\n]|\\.)*+'|\"(?:[^\"\\\r\n]|\\.)*+\")"
_TEXTS: Final = (
    # Authorization: Bearer abc; Cookie: session=abc
    (
        ("authorization:", "cookie:"),
        re.compile(r"(?i)((?:cookie|authorization):\s{0,3})[^\r\n'\"]++"),
        rf"\1{MASK}",
    ),
    # Bearer abc1
    (
        ("bearer", "basic"),
        re.compile(
            r"(?i)\b((?:bearer|basic)\s{1,3})(?=[\w.~+/-]{0,4096}[0-9=])[\w.~+/=-]{8,}+",
        ),
        rf"\1{MASK}",
    ),
    # a JSON Web Token, wherever it stands
    (("eyj",), re.compile(r"(?<![\w-])eyJ[\w-]{5,}+\.[\w-]{5,}+(?:\.[\w-]*+)?"), MASK),
    # token=abc, ?key=abc, password='a b'
    (
        _SIGNS_OF_CALLED,
        re.compile(
            rf"(?i)((?:{_CALLED}|(?<=[?&])key)[\w-]{{0,30}}\s{{0,3}}=\s{{0,3}})"
            r"(?:b?'[^'\r\n]*+'|b?\"[^\"\r\n]*+\"|[^\s&,;)}\]'\"]++)"
        ),
        rf"\1{MASK}",
    ),
    # {'password': 'abc'}, {"token": "abc"}: a mapping, printed
    (
        _SIGNS_OF_CALLED,
        re.compile(rf"(?i)((?:{_CALLED})[\w-]{{0,30}}['\"]\s{{0,3}}:\s{{0,3}})b?{_QUOTED}"),
        rf"\1'{MASK}'",
    ),
    # [('cookie', 'abc')]: its items, printed
    (
        _SIGNS_OF_CALLED,
        re.compile(
            rf"(?i)(\(b?['\"][\w-]{{0,30}}?(?:{_CALLED})[\w-]{{0,30}}['\"],\s{{0,3}})b?{_QUOTED}"
        ),
        rf"\1'{MASK}'",
    ),
    # postgres://user:abc@host
    (("://",), re.compile(r"(?<=://)([^/\s:@]{0,100}:)[^/\s@]++(?=@)"), rf"\1{MASK}"),
)


class Redaction:
    """Decides by the name of a value, and by the look of a text.

    known: masks the secrets that the service knows, wherever a text repeats them.
    """

    def __init__(self, known: Callable[[str], str]) -> None:
        self._known = known

    def hides(self, key: str, value: object) -> bool:
        """Whether the name of a value says that it is a secret.

        A number is one where the name ends so: `pin` is, `token_expiry` is not.
        """
        if value is None or isinstance(value, bool):
            return False
        return _ends_so(key) if isinstance(value, int | float) else _says_so(key)

    def text(self, text: str) -> str:
        """Give a text without what looks like a secret, and not longer than is bearable."""
        if len(text) > 3 * LONGEST:
            # More than is shown, so that nothing that is cut here, and not recognised, is.
            text = f"{text[:LONGEST]}...{text[-LONGEST:]}"
        lower = text.lower()
        for signs, pattern, masked in _TEXTS:
            # A plain loop: this is asked for every text of every line.
            for sign in signs:
                if sign in lower:
                    text = pattern.sub(masked, text)
                    break
        return shortened(self._known(text), LONGEST)

    def __repr__(self) -> str:
        return "<Redaction>"


# Names come again and again.
@lru_cache(maxsize=1000)
def _says_so(key: str) -> bool:
    return looks_secret(key) or _HEADERS.search(key) is not None


@lru_cache(maxsize=1000)
def _ends_so(key: str) -> bool:
    return _AT_THE_END.search(key) is not None

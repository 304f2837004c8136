"""What may be shown of a value that may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from pydantic import BaseModel, SecretBytes, SecretStr

from marty_chassis.settings.shape import is_secret, step, takes_text

__all__ = ["MASK", "Section", "held_secrets", "looks_secret", "redacted", "secret_texts"]

MASK: Final = "***"

_ANYWHERE = re.compile(r"secret|token|pas+w|passphrase|credential|api[_-]?key", re.IGNORECASE)
_AT_THE_END = re.compile(
    r"(secret|token|password|passwd|passphrase|credential|key)$", re.IGNORECASE
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset({"key", "keys", "pwd", "pass", "pin"})
_USERINFO = re.compile(r"(?<=://)([^/\s@]*:)[^/\s]*(?=@)")


class Section(dict[str, object]):
    """A plugin's own section: a plain dictionary that does not show its secrets when printed.

    `json.dumps` and `dict(section)` give what is there, secrets too.
    """

    __slots__ = ("model",)

    def __init__(self, values: Mapping[str, object], model: object = None) -> None:
        super().__init__({key: _section(value) for key, value in values.items()})
        self.model = model
        """the plugin's own model, where it is known"""

    def __repr__(self) -> str:
        return repr(redacted(dict(self), self.model))


def redacted(value: object, model: object = None) -> object:
    """Give a copy fit to be shown.

    A value is masked where the model says that it is secret, where the key looks like one (unless
    the model says that it takes no text), and in the password of an address.
    """
    if isinstance(value, Mapping):
        return {key: _shown(str(key), item, step(model, str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item, step(model, 0)) for item in value]
    if isinstance(value, SecretStr | SecretBytes):
        return MASK
    if isinstance(value, str):
        return _USERINFO.sub(rf"\1{MASK}", value)
    return value


def looks_secret(key: str) -> bool:
    """Whether the name of a key says that text behind it is a secret."""
    words = {word.lower() for word in _WORDS.findall(key)}
    return bool(_ANYWHERE.search(key) or words & _SECRET_WORDS)


def secret_texts(value: object, model: object = None, known: bool = False) -> Iterator[str]:
    """Give each text in the value that `redacted` would not show."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            kind = step(model, str(key))
            yield from secret_texts(item, kind, known or _is_masked(str(key), item, kind))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from secret_texts(item, step(model, 0), known)
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode(errors="replace")
    elif known and not isinstance(value, bool | None) and value != "":
        yield str(value)
    elif isinstance(value, str) and _USERINFO.search(value):
        yield value


def held_secrets(value: object) -> Iterator[str]:
    """Give each secret in what a model has made of a section; its defaults have no other place."""
    if isinstance(value, BaseModel):
        value = dict(value)
    elif is_dataclass(value) and not isinstance(value, type):
        value = {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, SecretStr | SecretBytes):
        yield from secret_texts(value)
    elif isinstance(value, Mapping | list | tuple | set | frozenset):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from held_secrets(item)


def _shown(key: str, value: object, model: object) -> object:
    return MASK if _is_masked(key, value, model) else redacted(value, model)


def _is_masked(key: str, value: object, model: object) -> bool:
    if value is None or value in ("", [], {}):
        return False
    if is_secret(model):
        return True
    if isinstance(value, bool) or not looks_secret(key):
        return False
    # Whose type is known, and who is kept by the address of a page, is no secret: `/tokens`.
    if model is not None and (key.startswith("/") or not takes_text(model)):
        return False
    # `token_expiry: 3600` is no secret, `pin_token: 3600` is.
    return not isinstance(value, int | float) or bool(_AT_THE_END.search(key))


def _section(value: object) -> object:
    if isinstance(value, Mapping):
        return Section(value)
    return [_section(item) for item in value] if isinstance(value, list) else value

"""Words of somebody else's, without the secrets of the configuration that they may repeat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from marty_chassis.settings.redaction import MASK

__all__ = ["SHORTEST", "Mask"]

SHORTEST = 4
"""Characters of a secret that is looked for; a shorter one is a part of too many words."""

_PASSWORD = re.compile(r"://[^/\s@:]*:([^/\s]*)@")


class Mask:
    """Masks each of these secrets wherever it stands in a text: as it is, or as Python writes it.

    What is encoded, cut or otherwise changed is not recognised.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
        # The longest first: one secret may be the beginning of another.
        words = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def __call__(self, text: str) -> str:
        """Give the text without the secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def __repr__(self) -> str:
        return "<Mask>"


def _forms(secret: str) -> Iterator[str]:
    # Whoever reads a secret from a file may have left out the end of its line.
    for text in (secret, secret.strip(), *_PASSWORD.findall(secret)):
        yield text
        yield repr(text)[1:-1]

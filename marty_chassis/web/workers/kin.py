"""Which processes are workers of one service: those that one program started for it."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "MARTY_WORKERS_KEY"
"""Set to one text in all workers of a service, by `marty run` or by whoever starts them."""

_LENGTH: Final = 16


def kinship(environ: Mapping[str, str]) -> bytes | None:
    """Give what the workers of one program share and nobody else has; None for one alone.

    Python hands the random key of a process to all that it starts with `multiprocessing`, also to
    those that replace others later; uvicorn and granian start their workers so. It is never shown:
    only a digest of it is used. For workers that are made in another way, the variable.
    """
    if given := environ.get(VARIABLE, "").strip():
        return given.encode(errors="surrogateescape")
    if multiprocessing.parent_process() is None:
        return None
    return bytes(multiprocessing.current_process().authkey)


def key(shared: bytes, service: str, configuration: str, number: int = 0) -> str:
    """Give a word for the workers of one service, which nobody can find without `shared`.

    Two services of one program differ by their name or their configuration file; where they do not,
    by which of them comes first in each process: `number`.
    """
    digest = hashlib.sha256(shared)
    for part in (service, configuration, str(number)):
        digest.update(b"\0" + part.encode(errors="surrogateescape"))
    return digest.hexdigest()[:_LENGTH]

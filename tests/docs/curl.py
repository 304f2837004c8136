"""`curl`, as far as pages use it: the service that a scene has started is asked."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import httpx2

if TYPE_CHECKING:
    from .service import Service

_PARSER = argparse.ArgumentParser(prog="curl", exit_on_error=False)
_PARSER.add_argument("url")
_PARSER.add_argument("-H", "--header", action="append", default=[])
_PARSER.add_argument("-X", "--request", default="GET")
_PARSER.add_argument("-d", "--data")
_PARSER.add_argument("-i", "--include", action="store_true")
_PARSER.add_argument("-s", "--silent", action="store_true")
_PARSER.add_argument("-N", "--no-buffer", action="store_true")
_PARSER.add_argument("-m", "--max-time", type=float, default=10)


def curl(words: list[str], service: Service | None) -> str:
    """Ask, and give what `curl` would print."""
    asked = _PARSER.parse_args(words)
    assert service is not None, "no service runs that could be asked: `marty run` starts one"
    headers = [tuple(part.strip() for part in one.split(":", 1)) for one in asked.header]
    url = service.at(asked.url)
    method = "POST" if asked.data is not None and asked.request == "GET" else asked.request
    with (
        httpx2.Client(timeout=asked.max_time) as client,
        client.stream(method, url, headers=headers, content=asked.data) as answer,
    ):
        said = "".join(_lines(answer, endless=asked.no_buffer))
        if not asked.include:
            return said
        head = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
        return f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\n{head}\n{said}\n"


def _lines(answer: httpx2.Response, *, endless: bool) -> list[str]:
    """The body; of one that has no end, what comes until the first empty line."""
    if not endless:
        return [answer.read().decode()]
    found: list[str] = []
    for line in answer.iter_lines():
        if not line and any(one.startswith("data:") for one in found):
            break
        found.append(f"{line}\n")
    return found

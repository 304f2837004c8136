"""A server that answers as it is told, in a thread of its own, and notes what it is asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class Scripted:
    """The answers, one after another, the last one for ever."""

    answers: list[Response]
    asked: list[dict[str, str]] = field(default_factory=list)
    told: list[tuple[str, Any]] = field(default_factory=list)
    """The paths and bodies of what was not a question."""
    url: str = ""

    async def answer(self, request: Request) -> Response:
        """Note, and give the next answer."""
        if request.method == "PUT":
            self.told.append((request.url.path, json.loads(await request.body() or "null")))
        else:
            self.asked.append(dict(request.query_params))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def rows(index: int | str, *found: dict[str, Any]) -> Response:
    """An answer with an index."""
    return JSONResponse(list(found), headers={"X-Consul-Index": str(index)})


def row(id: str, node: str = "here", **service: Any) -> dict[str, Any]:
    """One instance, as Consul has it."""
    return {
        "Node": {"Node": node, "Address": f"{node}.example"},
        "Service": {"ID": id, "Service": "db", "Address": "", "Port": 0, **service},
        "Checks": [{"CheckID": "serfHealth", "Status": "passing"}],
    }


@contextmanager
def served(scripted: Scripted) -> Iterator[Scripted]:
    """Serve it at a free port of 127.0.0.1."""
    route = Route("/{path:path}", scripted.answer, methods=["GET", "PUT"])
    config = uvicorn.Config(Starlette(routes=[route]), log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        scripted.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield scripted
        finally:
            server.should_exit = server.force_exit = True
            thread.join()

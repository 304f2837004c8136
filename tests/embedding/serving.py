"""A real uvicorn in a thread, and requests to it byte by byte."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn

TOKEN = "a-token-for-the-operator"
BEARER = {"authorization": f"Bearer {TOKEN}"}


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def client(self, **headers: str) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers=headers, timeout=5)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=5)

    def raw(self, request: bytes) -> bytes:
        """Send these bytes, and give all that comes until the server closes; without times."""
        with self.connect() as connection:
            connection.sendall(request)
            return undated(b"".join(iter(lambda: connection.recv(65536), b"")))


def undated(answer: bytes) -> bytes:
    """The answer without the time at which it was made: its date, and the one that gzip writes."""
    answer = re.sub(rb"\r\ndate: [^\r]*", b"", answer)
    return re.sub(rb"(\x1f\x8b\x08.)....", rb"\1\0\0\0\0", answer, flags=re.DOTALL)


@contextmanager
def served(app: Any, **options: Any) -> Iterator[Address]:
    """Serve until left; the server must have started, and must stop."""
    listening = socket.create_server(("127.0.0.1", 0))
    settings = {
        "log_config": None,
        "timeout_graceful_shutdown": 2,
        "lifespan": "on",
        "ws": "websockets-sansio",  # older uvicorns take what websockets has deprecated
        **options,
    }
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        assert server.started, "the server did not start"
        yield Address(*listening.getsockname())
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
        assert not thread.is_alive(), "the server did not stop"

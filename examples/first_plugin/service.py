"""A service, and its first plugin: a file in the folder `plugins` beside this one.

Run it:
    python examples/first_plugin/service.py

Prints:
    greeting: started
    home, x-greeting: hello, /
    greeting: stopped

`uvicorn service:app` or `marty run service:app`, in this folder, serve it.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from marty_chassis import create_app


async def home(request: Request) -> PlainTextResponse:
    return PlainTextResponse("home")


app = create_app(
    plugin_directories=[Path(__file__).parent / "plugins"],
    routes=[Route("/", home)],
)

if __name__ == "__main__":
    with TestClient(app) as client:
        answer = client.get("/")
        print(f"{answer.text}, x-greeting: {answer.headers['x-greeting']}")

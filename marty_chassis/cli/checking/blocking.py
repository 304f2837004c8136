"""Calls that wait in the event loop, where every request waits with them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from .bindings import Function
from .contract import LIFE
from .finding import Finding
from .parts import Part
from .source import Source

_CLIENT: Final = "Use an asynchronous client, such as httpx.AsyncClient."
_THREAD: Final = "Write await anyio.to_thread.run_sync(...), or use an asynchronous driver."
_PROCESS: Final = "Write await anyio.run_process(...)."
_STREAM: Final = "Write await anyio.connect_tcp(...)."
_RESOLVE: Final = "Write await anyio.getaddrinfo(...)."
_AWAIT: Final = "Await the function itself."
_WAITS: Final = "waits in the event loop, and every request waits with it"

_CLIENTS: Final = (
    "requests",
    "requests.[Ss]ession()",
    "httpx",
    "httpx.Client()",
    "httpx2",
    "httpx2.Client()",
)
_VERBS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "request", "send")

BLOCKING: Final[Mapping[str, str]] = {
    "time.sleep": "Write await anyio.sleep(...).",
    "input": "A service has nobody to ask: read the configuration.",
    **{f"{client}.{verb}": _CLIENT for client in _CLIENTS for verb in _VERBS},
    "urllib.request.url*": _CLIENT,
    "http.client.HTTP*Connection().*re[qs]*": _CLIENT,  # request, getresponse
    "subprocess.run": _PROCESS,
    "subprocess.call": _PROCESS,
    "subprocess.check_*": _PROCESS,
    "subprocess.get*output": _PROCESS,
    "os.system": _PROCESS,
    "os.popen": _PROCESS,
    "socket.create_connection": _STREAM,
    "socket.gethostby*": _RESOLVE,
    "socket.getaddrinfo": _RESOLVE,
    **{f"socket.socket().{one}*": _STREAM for one in ("accept", "connect", "recv", "send")},
    "sqlite3.connect": _THREAD,
    "sqlite3.connect().*execute*": _THREAD,
    "sqlite3.connect().*fetch*": _THREAD,
    "sqlite3.connect().commit": _THREAD,
    "psycopg.connect": _THREAD,
    "psycopg2.connect": _THREAD,
    "pymysql.connect": _THREAD,
    "asyncio.run": _AWAIT,
    "anyio.run": _AWAIT,
    "trio.run": _AWAIT,
}
"""What waits, and what to write instead; `()` stands for what a call gives."""

FILES: Final = (
    "open",
    "io.open",
    "pathlib.Path().open",
    "pathlib.Path().read_*",
    "pathlib.Path().write_*",
)


def check(source: Source) -> Iterator[Finding]:
    """Look at every call that runs in the event loop's thread."""
    by_node = {part.node: part for part in source.outline.parts}
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or _is_awaited(node, source):
            continue
        function = source.names.function_of(node)
        if not isinstance(function, Function):
            continue
        part = by_node.get(function)
        if isinstance(function, ast.FunctionDef) and not (part and _runs_in_the_loop(part)):
            continue
        yield from _looked_at(node, part, source)


def _looked_at(call: ast.Call, part: Part | None, source: Source) -> Iterator[Finding]:
    name = source.names.dotted(call.func)
    alive = part is None or part.name not in LIFE
    if any(fnmatchcase(name, one) for one in FILES):
        if alive:  # A file that is read at the start is how plugins begin.
            yield source.finding(
                "blocking-file",
                call,
                f"{name}() reads or writes in the event loop, and every request waits for the disk",
                "Write await anyio.open_file(...), or use anyio.Path.",
            )
        return
    instead = next((text for one, text in BLOCKING.items() if fnmatchcase(name, one)), "")
    if not instead:
        return
    if part is not None and not part.asynchronous:
        instead += " Or mark a hook of its own with blocking=True: that runs in a thread."
    what = "starts an event loop inside of this one" if instead == _AWAIT else _WAITS
    yield source.finding(
        "blocking-call",
        call,
        f"{name.replace('()', '(...)')}() {what}",
        instead,
        "error" if alive else "warning",
    )


def _runs_in_the_loop(part: Part) -> bool:
    """Whether a plain function is called by the chassis, and not in a thread."""
    if part.mark is not None:
        return not part.mark.options.get("blocking")
    return part.method is not None


def _is_awaited(call: ast.Call, source: Source) -> bool:
    return isinstance(source.names.parents.get(call), ast.Await)

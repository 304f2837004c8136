"""Calls that wait in the event loop, where every request waits with them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from .bindings import inside
from .finding import Finding
from .running import Run, running
from .source import Source

_CLIENT: Final = "Use an asynchronous client, such as httpx.AsyncClient."
_THREAD: Final = "Write await anyio.to_thread.run_sync(...), or use an asynchronous driver."
_PROCESS: Final = "Write await anyio.run_process(...)."
_STREAM: Final = "Write await anyio.connect_tcp(...)."
_RESOLVE: Final = "Write await anyio.getaddrinfo(...)."
_AWAIT: Final = "Await the function itself."
_GIVE: Final = " Or give {!r} to a thread: await anyio.to_thread.run_sync(...)."
_MARK: Final = " Or mark a hook of its own with blocking=True: that runs in a thread."
_WAITS: Final = "waits in the event loop, and every request waits with it"

_CLIENTS: Final = (
    "requests",
    "requests.[Ss]ession()",
    "requests.sessions.[Ss]ession()",
    "httpx",
    "httpx.Client()",
    "httpx2",
    "httpx2.Client()",
)
_VERBS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "request", "send")

_SOCKETS: Final = ("socket.socket()", "socket.create_connection()")
_VERBS_OF_SOCKETS: Final = ("accept", "connect", "recv", "send")

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
    **{f"subprocess.Popen().{one}": _PROCESS for one in ("wait", "communicate")},
    "os.system": _PROCESS,
    "os.popen": _PROCESS,
    "socket.create_connection": _STREAM,
    "socket.gethostby*": _RESOLVE,
    "socket.getaddrinfo": _RESOLVE,
    **{f"{one}.{verb}*": _STREAM for one in _SOCKETS for verb in _VERBS_OF_SOCKETS},
    "queue.*Queue().get": "Use anyio.create_memory_object_stream().",
    "threading.Event().wait": "Use anyio.Event.",
    **{f"threading.*{one}().acquire": f"Use anyio.{one}." for one in ("Lock", "Semaphore")},
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
    for run in running(source):
        for node in inside(run.route[-1]):
            if isinstance(node, ast.Call) and not _passes(node, source):
                yield from _looked_at(node, run, source)


def _looked_at(call: ast.Call, run: Run, source: Source) -> Iterator[Finding]:
    name = source.names.dotted(call.func)
    through = f": {run.calls}" if run.calls else ""
    if any(fnmatchcase(name, one) for one in FILES):
        if run.serving:  # A file that is read at the start is how plugins begin.
            yield source.finding(
                "blocking-file",
                call,
                f"{name}() reads or writes in the event loop, and every request waits for the disk"
                f"{through}",
                "Write await anyio.open_file(...), or use anyio.Path.",
            )
        return
    instead = next((text for one, text in BLOCKING.items() if fnmatchcase(name, one)), "")
    if not instead:
        return
    first, *others = run.route
    if isinstance(first, ast.FunctionDef):
        hint = instead + _MARK
    else:
        hint = instead + "".join(_GIVE.format(one.name) for one in others[:1])
    what = "starts an event loop inside of this one" if instead == _AWAIT else _WAITS
    yield source.finding(
        "blocking-call",
        call,
        f"{name.replace('()', '(...)')}() {what}{through}",
        hint,
        "error" if run.serving else "warning",
    )


def _passes(call: ast.Call, source: Source) -> bool:
    """Whether it does not wait: it is awaited, or told so with `block=False` or `timeout=0`."""
    told = [one.value for one in call.keywords if one.arg in ("block", "blocking", "timeout")]
    nothing = any(
        isinstance(one, ast.Constant) and one.value == 0 for one in (*call.args[:1], *told)
    )
    return nothing or isinstance(source.names.parents.get(call), ast.Await)

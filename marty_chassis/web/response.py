"""The application's response as plugins see it, from its start on; its body may not exist yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from .contents import Contents, is_last
from .headers import CombinedHeaders, HeadersOf
from .request import in_bytes
from .rewriting import Ending, Filter, Rewrite, through

if TYPE_CHECKING:
    from .run import Run


class AppResponse(Response):
    """What the application answered, as a `starlette.responses.Response`.

    It is one for `isinstance`, and for `set_cookie`, `headers` and `status_code`. `body` is not
    Starlette's: the body streams through untouched unless a plugin asks for it.
    """

    def __init__(self, run: Run, start: Message) -> None:
        # Not super's: that renders content.
        self.run = run
        self._start = start
        self.made_headers: CombinedHeaders | None = None
        self.status_code = start["status"]
        self.background: BackgroundTask | None = None
        self.reworked = False
        """Whether a plugin has asked for the body, or for another one."""
        self._filters: tuple[Filter, ...] = ()
        self._content: bytes | None = None
        """The whole body, when it is known here."""
        self._rewritten = False
        """Whether `_content` is not what the application sends."""
        self._pieces: list[bytes] = []
        """What of the body has come so far, when somebody asked for all of it."""

    if TYPE_CHECKING:

        @property
        def headers(self) -> CombinedHeaders:
            """Case-insensitive and mutable until the response leaves the last plugin."""
            ...
    else:
        headers = HeadersOf(lambda response: response._start.get("headers", ()))

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:  # type: ignore[override]
        """The list that Starlette's own methods append to."""
        return self.headers.raw

    @property
    def media_type(self) -> str | None:  # type: ignore[override]
        """The type without its parameters: `text/html`."""
        value = self.headers.get("content-type")
        return value.partition(";")[0].strip().lower() if value else None

    async def body(self) -> bytes:  # type: ignore[override]
        """The whole body, as it would be sent; the application runs on to give it.

        It may be compressed: see `content-encoding`. A stream without end never answers.
        Raises what the application raises, and `ApplicationEnded` if it leaves the body unfinished.
        """
        self.reworked = True
        if self._content is None:
            async for chunk in _Remaining(self):
                self._pieces.append(chunk)
            self._content, self._pieces = b"".join(self._pieces), []
        if self._filters:
            filters, self._filters = self._filters, ()
            self._content, self._rewritten = await through(filters, self._content, last=True), True
        return self._content

    @property
    def body_iterator(self) -> AsyncIterator[bytes]:
        """The body in chunks, as the application sends them; what is taken here is not sent.

        For a response of one's own around it: `StreamingResponse(changed(response.body_iterator))`.
        """
        self.reworked = True
        if self._content is None:
            self.headers.pop("content-length", None)
        return _Remaining(self)

    def replace_body(self, body: bytes | str) -> None:
        """Send this instead; a `str` as UTF-8. What the application sends goes nowhere.

        Sets `content-length` and removes `content-encoding` and `transfer-encoding`: set the
        encoding afterwards if the new body has one.
        """
        self.reworked = True
        self._content, self._rewritten, self._filters = in_bytes(body), True, ()
        del self.headers["content-encoding"]
        self._unmeasured()
        if not self.run.head:
            self.headers["content-length"] = str(len(self._content))

    def filter_body(self, rewrite: Rewrite, *, end: Ending | None = None) -> None:
        """Pass the body through a function, chunk by chunk, and through `end` after the last.

        As in `filter_body(compressor.compress, end=compressor.flush)`. Removes `content-length`.
        An error of the function ends the response abruptly, as an application's would.
        """
        self.reworked = True
        self._filters += (Filter(rewrite, end, self.run.failures),)
        self._unmeasured()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it as a response of one's own."""
        await send(self.start())
        if self._content is not None:
            await send({"type": "http.response.body", "body": await self.body()})
            return
        filters = self._filters
        async for piece in _Remaining(self):
            chunk = await through(filters, piece, last=False)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send(
            {"type": "http.response.body", "body": await through(filters, b"", last=True)},
        )

    # What follows is for the host. ---------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether it can be sent: the application still stands behind it, or its body is here."""
        return not self.run.dropped or self._content is not None

    def start(self) -> Message:
        """The first message: the application's own if nothing was changed."""
        given = self._start
        if self.status_code != given["status"]:
            if self._bodiless:
                self._unmeasured()
        elif self.made_headers is None or self.made_headers.rewritten() is None:
            return given
        start = {**given, "status": self.status_code, "headers": self.headers.raw}
        if self._rewritten:
            # Trailers belong to the body that is not sent.
            start.pop("trailers", None)
        return start

    def start_of_passing(self) -> Message | None:
        """The first message, if the application's body follows as it is; else `None`."""
        given = self._start
        if self.reworked or self.status_code != given["status"]:
            return None
        if self.made_headers is None or (headers := self.made_headers.rewritten()) is None:
            return given
        return {**given, "headers": headers}

    async def settle(self) -> None:
        """Run the filters over a body that is known, while the response can still fail."""
        if self._content is not None and self._filters:
            await self.body()

    async def deliver(self, send: Send) -> bool:
        """Send the start and what is known of the body; whether the application's rest follows."""
        known, rewritten = self._content is not None or bool(self._pieces), self._rewritten
        if self._bodiless:
            await send(self.start())
            await send({"type": "http.response.body", "body": b""})
            return False
        body = b"".join(self._pieces) if self._content is None else self._content
        if self._content is None and body and self._filters:
            body = await through(self._filters, body, last=False)
        await send(self.start())
        if known:
            more = self._content is None and not self.run.exhausted
            body = b"" if self.run.head and rewritten else body
            await send({"type": "http.response.body", "body": body, "more_body": more})
        return not rewritten

    async def passed(self, message: Message, send: Send) -> None:
        """Send one message of the body through the filters."""
        last = is_last(message)
        async for piece in Contents(message):
            if chunk := await through(self._filters, piece, last=False):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if last:
            chunk = await through(self._filters, b"", last=True)
            await send({"type": "http.response.body", "body": chunk, "more_body": False})

    @property
    def filtered(self) -> bool:
        """Whether the body passes through functions of plugins."""
        return bool(self._filters)

    @property
    def _bodiless(self) -> bool:
        """Whether a plugin chose a status that has no body."""
        status = self.status_code
        return status != self._start["status"] and (status < 200 or status in (204, 304))

    def _unmeasured(self) -> None:
        headers = self.headers
        del headers["content-length"], headers["transfer-encoding"]

    def __repr__(self) -> str:
        return f"<AppResponse {self.status_code}>"


class _Remaining:
    """What of the body has not been taken; no generator, as those want to be closed."""

    def __init__(self, response: AppResponse) -> None:
        self._response = response
        self._whole = response._content
        self._message: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._whole is not None:
            whole, self._whole = self._whole, b""
            if whole:
                return whole
            raise StopAsyncIteration
        while True:
            if self._message is not None:
                if (piece := await anext(self._message, None)) is not None:
                    return piece
                self._message = None
            message = await self._response.run.pull()
            if message is None:
                raise StopAsyncIteration
            self._message = Contents(message)

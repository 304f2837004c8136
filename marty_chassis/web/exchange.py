"""One request between two tasks: the application runs in the server's, the plugins in their own.

So whatever a plugin holds across `call_next` (a timeout, a lock, a task group, a context variable)
it enters and leaves in one task, from wherever the application sends the start of its response.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from typing import Any

import anyio
from loguru import logger
from starlette.requests import Request, empty_receive
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.boundary import GRACE, Detached, Signal, spawn
from marty_chassis.errors import ApplicationEnded, HookFailed
from marty_chassis.hooks import Failures

from .body import RequestBody
from .refusing import refuse
from .request import PluginRequest
from .response import AppResponse
from .run import Run
from .variables import changed

Chain = Callable[[Request], Awaitable[Any]]

CURRENT: ContextVar[Exchange] = ContextVar("marty_exchange")
"""The exchange in whose plugins' task we are. A chain is built once and finds it here."""


class Exchange:
    """One request, from the server's call to the end of the application."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, failures: Failures) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._failures = failures
        self._body = RequestBody(receive)
        self._order: Signal[Run | None] = Signal()
        """What the plugins want of the server's task: to run the application, or nothing more."""

    _run: Run | None = None
    _response: AppResponse | None = None
    """The application's response, when the plugins decided on it."""
    _error: BaseException | None = None
    """What came out of the plugins."""
    _earlier: tuple[Run, ...] = ()
    """Runs that a plugin did not content itself with."""
    _leaving = False
    _answered = False
    """Whether a response that is not the application's was started."""

    # In the server's task ------------------------------------------------------------------------

    async def serve(self, app: ASGIApp, chain: Chain) -> None:
        """Answer the request. Raises what the application raised and no plugin caught."""
        request = PluginRequest(self._scope, self._body, self._send)
        task = spawn(self._through, chain, request, name="marty plugins", eager=True)
        try:
            while (run := await self._order.wait()) is not None:
                self._order = Signal()
                await run.perform(app)
                if run.decided:
                    break
        except BaseException as error:
            self._leaving = True
            await self._leave(task, wait=not isinstance(error, GeneratorExit))
            raise
        await self._conclude()

    async def _conclude(self) -> None:
        error, run = self._error, self._run
        try:
            if error is None:
                if run is not None and run.error is not None:
                    raise run.error
                if self._response is not None and self._response.background is not None:
                    await self._response.background()
                return
            if (own := self._own(error)) is not None:
                raise own
            if isinstance(error, ApplicationEnded):
                # As without us: the server knows best what that means.
                return
            if self._answered:
                raise error
            if not isinstance(error, HookFailed) and not _holds(error, HookFailed):
                kind = type(error).__name__
                logger.error("the plugins of a request ended with {}: {}", kind, error)
            await refuse(500, self._scope, self._receive, self._send)
        finally:
            # An exception's traceback holds these frames, and so us.
            self._error, self._earlier, self._run, self._response = None, (), None, None
            del error, run

    async def _leave(self, task: Detached[None], *, wait: bool) -> None:
        task.cancel()
        if wait:
            with anyio.CancelScope(shield=True):
                await task.wait(GRACE)
        self._failures.strays.keep(task)

    # In the plugins' task ------------------------------------------------------------------------

    async def call(self, request: Any) -> AppResponse:
        """Run the application up to the start of its response; once more if it has run already.

        Raises what the application raises, and `ApplicationEnded`.
        """
        if self._run is not None:
            await self._run.stop()
            self._earlier += (self._run,)
        scope, receive = self._for_application(request)
        # Whoever calls us may be in a task of its own, with variables of its own.
        run = self._run = Run(scope, receive, self._send, changed(self._base), self._failures)
        self._order.set(run)
        return await run.response()

    def is_its_own(self, error: BaseException) -> bool:
        """Whether an error that passes through a plugin is not that plugin's: it was reported, or
        is the application's; groups that hold nothing else are the same."""
        if isinstance(error, BaseExceptionGroup):
            return all(self.is_its_own(one) for one in error.exceptions)
        return isinstance(error, HookFailed) or self._was_raised(error)

    async def _through(self, chain: Chain, request: PluginRequest) -> None:
        CURRENT.set(self)
        self._base = copy_context()
        try:
            await self._answer(await chain(request))
        except BaseException as error:
            if self._leaving or isinstance(error, GeneratorExit):
                raise
            self._error = error
            if self._run is not None:
                self._run.abandon()
        self._order.set(None)

    async def _answer(self, answer: Response) -> None:
        run = self._run
        if run is not None and isinstance(answer, AppResponse) and answer.of(run):
            await answer.settle()
            self._response = answer
            run.decide(answer)
            return
        await answer(self._scope, self._listen(), self._send_own)
        if run is not None:
            run.drop()

    def _for_application(self, request: Any) -> tuple[Scope, Receive]:
        if isinstance(request, PluginRequest):
            return request.for_application(), self._body.reader()
        if isinstance(request, Request):
            receive = request.receive
            return request.scope, self._body.reader() if receive is empty_receive else receive
        raise TypeError(
            f"call_next was given {type(request).__name__}; give it the request that the plugin got"
        )

    def _own(self, error: BaseException) -> BaseException | None:
        """The application's error, also when task groups of plugins have wrapped it."""
        if isinstance(error, BaseExceptionGroup):
            found = [self._own(one) for one in error.exceptions]
            return found[0] if len(set(map(id, found))) == 1 else None
        known = self._was_raised(error) and not isinstance(error, ApplicationEnded)
        return error if known else None

    def _was_raised(self, error: BaseException) -> bool:
        runs = self._earlier if self._run is None else (*self._earlier, self._run)
        return any(error is known for run in runs for known in run.raised)

    def _listen(self) -> Receive:
        """The server's messages for a plugin's response, without taking them from others."""
        return self._body.reader(keep=self._run is not None)

    async def _send_own(self, message: Message) -> None:
        self._answered = True
        await self._send(message)

    def __repr__(self) -> str:
        return f"<Exchange {self._scope['method']} {self._scope['path']}>"


def _holds(error: BaseException, kind: type[BaseException]) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(kind) is not None
    return isinstance(error, kind)

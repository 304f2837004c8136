"""One request between two tasks: the application runs in the server's, the plugins in their own.

So whatever a plugin holds across `call_next` (a timeout, a lock, a task group, a context variable)
it enters and leaves in one task, from wherever the application sends the start of its response.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context, ContextVar, copy_context
from typing import Any

import anyio
import anyio.lowlevel
from loguru import logger
from starlette.requests import Request, empty_receive
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.boundary import GRACE, Detached, Signal, spawn
from marty_chassis.errors import ApplicationEnded, HookFailed
from marty_chassis.hooks import Failures

from .paths import show_route
from .refusing import refuse
from .request import PluginRequest, says_it_left
from .response import AppResponse
from .run import Run
from .variables import adopt, changed

Chain = Callable[[Request], Awaitable[Any]]

CURRENT: ContextVar[Exchange] = ContextVar("marty_exchange")
"""The exchange in whose plugins' task we are. A chain is built once and finds it here."""


class Exchange:
    """One request, from the server's call to the end of the application."""

    # Slots, all of them set at once: one is made for every request, and attributes that come later
    # or lie on the class are looked up slowly.
    __slots__ = (
        "_answered", "_base", "_bell", "_earlier", "_error", "_failures", "_leaving", "_over",
        "_receive", "_request", "_response", "_run", "_scope", "_send", "_wanted",
    )  # fmt: skip

    def __init__(self, scope: Scope, receive: Receive, send: Send, failures: Failures) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._failures = failures
        self._request = PluginRequest(scope, receive, send)
        self._run: Run | None = None
        self._earlier: tuple[Run, ...] = ()
        """Runs that a plugin did not content itself with."""
        self._wanted: Run | None = None
        """What the plugins want of the server's task: to run the application."""
        self._over = False
        """Whether the plugins want nothing more."""
        self._bell: Signal[None] | None = None
        """Wakes the server's task, if it waits."""
        self._response: AppResponse | None = None
        """The application's response, when the plugins decided on it."""
        self._error: BaseException | None = None
        """What came out of the plugins."""
        self._leaving = False
        self._answered = False
        """Whether a response that is not the application's was started."""
        self._base: Context | None = None
        """The context variables as the plugins' task began."""

    # In the server's task ------------------------------------------------------------------------

    async def serve(self, app: ASGIApp, chain: Chain) -> None:
        """Answer the request. Raises what the application raised and no plugin caught."""
        task = spawn(self._through, chain, name="marty plugins", eager=True)
        run: Run | None = None
        try:
            while run is None or not run.decided:
                if self._wanted is not None:
                    run, self._wanted = self._wanted, None
                    await run.perform(app)
                elif self._over:
                    break
                else:
                    self._bell = Signal()
                    await self._bell.wait()
        except BaseException as error:
            self._leaving = True
            if self._wanted is not None:
                self._wanted.forgo()
            await self._leave(task, wait=not isinstance(error, GeneratorExit))
            raise
        finally:
            if run is not None:
                show_route(run.scope, self._scope)
        response = self._response
        if (
            response is None
            or response.reworked
            or response.background is not None
            or run is None
            or run.error is not None
            or self._error is not None
            or self._earlier
        ):
            await self._conclude(run)

    async def _conclude(self, run: Run | None) -> None:
        """What is left to be done when there was more to it than a response that passes."""
        try:
            if self._error is not None:
                await self._fail(self._error)
            elif run is not None and run.error is not None:
                raise run.error
            elif self._response is not None and self._response.background is not None:
                await self._response.background()
        finally:
            self._let_go()

    async def _fail(self, error: BaseException) -> None:
        try:
            own = self._own(error)
            if isinstance(own, ApplicationEnded):
                # As without us: the server knows best what that means.
                return
            if own is not None:
                raise own
            if says_it_left(error, self._request):
                return
            if self._answered:
                raise error
            if not _holds_a_fault(error):
                kind = type(error).__name__
                logger.error("the plugins of a request ended with {}: {}", kind, error)
            await refuse(500, self._scope, self._receive, self._send)
        finally:
            own = None  # A frame that holds the exception it raised is a cycle.

    async def _leave(self, task: Detached[None], *, wait: bool) -> None:
        """The server gives the request up, or the application would not be cancelled."""
        task.cancel()
        try:
            if wait:
                with anyio.CancelScope(shield=True):
                    await task.wait(GRACE)
            self._failures.strays.keep(task)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Break the cycles: what was raised holds the frames that hold us."""
        if self._run is not None:
            self._run.let_go()
        self._base = self._run = self._response = self._error = self._wanted = None
        self._earlier = ()

    # In the plugins' task ------------------------------------------------------------------------

    async def _through(self, chain: Chain) -> None:
        self._base = copy_context()
        CURRENT.set(self)
        try:
            answer = await chain(self._request)
            run = self._run
            if run is not None and type(answer) is AppResponse and answer.run is run:
                if answer.reworked:
                    await answer.settle()
                self._response = answer
                run.decide(answer)
            elif not self._leaving:
                await self._answer(answer, run)
        except BaseException as error:
            if self._leaving or isinstance(error, GeneratorExit):
                raise
            self._error = error
            if self._run is not None:
                self._run.abandon()
        self._over = True
        if self._bell is not None:
            self._bell.set(None)

    async def _answer(self, answer: Response, run: Run | None) -> None:
        """Send a response that is not the application's."""
        # Without taking the body of the request from an application that still runs.
        receive = self._request.content.reader(keep=run is not None)
        await answer(self._scope, receive, self._send_own)
        if run is not None:
            run.drop()

    async def _send_own(self, message: Message) -> None:
        self._answered = True
        await self._send(message)

    async def call(self, request: Any) -> AppResponse:
        """Run the application up to the start of its response; once more if it has run already.

        Raises what the application raises, and `ApplicationEnded`.
        """
        if self._base is None or self._over or self._leaving:
            raise _too_late()
        while (earlier := self._run) is not None:
            await earlier.stop()
            if self._leaving or self._over:
                # Nobody runs the application any more. What has cancelled us meanwhile arrives here.
                await anyio.lowlevel.checkpoint()
                raise _too_late()
            if self._run is earlier:
                self._earlier += (earlier,)
                break
            # Somebody else waited for its end, too, and was first to begin the next one.
        if type(request) is PluginRequest:
            scope, receive = request.for_application(), request.receive_for_application
        else:
            scope, receive = self._foreign(request)
        # Whoever calls us may be in a task of its own, with variables of its own.
        variables = changed(self._base, CURRENT)
        run = self._run = self._wanted = Run(scope, receive, self._send, variables, self._failures)
        if self._bell is not None:
            self._bell.set(None)
        try:
            message = await run.started.wait()
        except GeneratorExit:
            run.abandon()
            raise
        except BaseException:
            # Cancelled: the application is too, and has ended when this is left.
            await run.stop()
            raise
        if message is None:
            run.fail()
        if run.brought:
            adopt(run.brought)
        return AppResponse(run, message)

    def _foreign(self, request: Any) -> tuple[Scope, Callable[[], Receive]]:
        """What the application gets of a request that a plugin made itself."""
        if not isinstance(request, Request):
            raise TypeError(
                f"call_next was given {type(request).__name__};"
                " give it the request that the plugin got"
            )
        if isinstance(request, PluginRequest):
            return request.for_application(), request.receive_for_application
        receive = request.receive
        if receive is empty_receive:
            return request.scope, self._request.receive_for_application
        return request.scope, lambda: receive

    # Whose error it is ---------------------------------------------------------------------------

    def is_its_own(self, error: BaseException) -> bool:
        """Whether an error that passes through a plugin is not that plugin's.

        It is the application's, or was reported under another's name, or says that the client has
        gone; so are groups of such.
        """
        if isinstance(error, BaseExceptionGroup):
            return all(self.is_its_own(one) for one in error.exceptions)
        return (
            isinstance(error, HookFailed)
            or self._was_raised(error)
            or says_it_left(error, self._request)
        )

    def _own(self, error: BaseException) -> BaseException | None:
        """The application's error, also when task groups of plugins have wrapped it."""
        if isinstance(error, BaseExceptionGroup):
            found = [self._own(one) for one in error.exceptions]
            return found[0] if all(one is found[0] for one in found) else None
        return error if self._was_raised(error) else None

    def _was_raised(self, error: BaseException) -> bool:
        runs = self._earlier if self._run is None else (*self._earlier, self._run)
        return any(error is known for run in runs for known in run.raised)

    def __repr__(self) -> str:
        return f"<Exchange {self._scope['method']} {self._scope['path']}>"


def _too_late() -> RuntimeError:
    return RuntimeError("the request is over: call_next was called too late")


def _holds_a_fault(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(HookFailed) is not None
    return isinstance(error, HookFailed)

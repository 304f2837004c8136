"""One run of the application: what it sends waits at its start until the plugins have decided.

The application runs in the server's task; the plugins, which ask for its response, in theirs. Here
the two meet, and this is the only place where a message of the application is held.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from enum import Enum
from typing import NoReturn

import anyio
import anyio.lowlevel
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marty_chassis.boundary import Signal, Stoppable, Turn, is_fault
from marty_chassis.errors import ApplicationEnded, HookFailed
from marty_chassis.hooks import Failures

from .body import DISCONNECT
from .contents import BODIES, is_last
from .response import AppResponse
from .variables import Changes, changed, lend, take_back

PATIENCE = 5.0
"""Seconds that an application whose response was replaced may go on sending to nobody."""


class Mode(Enum):
    """What becomes of a message that the application sends."""

    WAITING = "waiting"
    """Its start has not come; anything else (early hints, debug) passes."""
    HELD = "held"
    """The plugins have the start and have not decided."""
    PULLED = "pulled"
    """The plugins take the body, one message at a time."""
    PASSING = "passing"
    """It goes to the server."""
    FILTERED = "filtered"
    """Its body passes through functions of plugins."""
    DROPPED = "dropped"
    """It goes nowhere: the response was replaced, or the run was given up."""


class Run:
    """The application, run once for a request."""

    # Slots, all of them set at once: one is made for every request, and attributes that come later
    # or lie on the class are looked up slowly.
    __slots__ = (
        "_given", "_go", "_lent", "_lock", "_mode", "_moved", "_offer", "_offered", "_over", "_quiet",
        "_reader", "_receive", "_refused", "_response", "_send", "_stoppable", "_undelivered",
        "_until", "brought", "decided", "dropped", "ended", "error", "exhausted", "failures",
        "raised", "scope", "started",
    )  # fmt: skip

    def __init__(
        self,
        scope: Scope,
        receive: Callable[[], Receive],
        send: Send,
        variables: Changes,
        failures: Failures,
    ) -> None:
        self.scope = scope
        self.failures = failures
        self.error: BaseException | None = None
        """What the application raised, until somebody has taken it."""
        self.raised: tuple[BaseException, ...] = ()
        """What was raised into the plugins."""
        self.ended = False
        self.exhausted = False
        """Whether the plugins have taken the last of the body."""
        self.decided = False
        """Whether its response is the one that is sent."""
        self.dropped = False
        """Whether nothing that it sends goes anywhere any more."""
        self.started: Turn[Message | None] = Turn()
        """The application's first message, or `None` when it ended without one."""
        self.brought: Changes = ()
        """The context variables that the application had set when its response started."""
        self._receive = receive
        self._reader: Receive | None = None
        self._send = send
        self._lent = variables
        self._mode = Mode.WAITING
        self._response: AppResponse | None = None
        """The one that was decided on."""
        self._undelivered = False
        self._lock: anyio.Lock | None = None
        """Held by the task of the application whose message is taken or filtered; others queue."""
        self._go: Signal[None] | None = None
        """Lets the application go on that is held at a message."""
        self._offer: Message | None = None
        """The message of the body that the plugins may take."""
        self._offered: Turn[None] | None = None
        self._moved: Signal[None] | None = None
        self._over: Signal[None] | None = None
        self._until: float | None = None
        self._refused = False
        self._quiet = False
        self._stoppable: Stoppable | None = None
        self._given: Context

    @property
    def head(self) -> bool:
        """Whether the response has no body though its headers speak of one."""
        return bool(self.scope["method"] == "HEAD")

    # In the server's task ------------------------------------------------------------------------

    async def perform(self, app: ASGIApp) -> None:
        """Run the application to its end; raises only a cancellation that the host asked for."""
        lent = lend(self._lent) if self._lent else ()
        self._given = copy_context()
        try:
            if not self.dropped:
                with Stoppable() as self._stoppable:
                    await app(self.scope, self.receive, self.send)
        except BaseException as error:
            if not is_fault(error):
                # The plugins are cancelled next, and are not to take this for an answer.
                self._quiet = True
                raise
            # What it makes of our refusal to take more is no news.
            if not (self._refused and isinstance(error, (OSError, ClientDisconnect))):
                self.error = self.error or error
        finally:
            if lent:
                take_back(lent)
            self.ended = True
            if self._mode is not Mode.PASSING or self._over is not None:
                self._tell()

    def forgo(self) -> None:
        """Nobody will run it: the request was given up before it began."""
        self._quiet = self.ended = True
        self._tell()

    def _tell(self) -> None:
        """Tell whoever waits that the application has ended."""
        if not self._quiet:
            self.started.set(None)
            if self._offered is not None:
                self._offered.set(None)
        if self._over is not None:
            self._over.set(None)

    # In the application's tasks ------------------------------------------------------------------

    async def receive(self) -> Message:
        """Where the application receives from."""
        if self.dropped:
            return DISCONNECT
        if self._reader is None:
            self._reader = self._receive()
        return await self._reader()

    # Not `async def`: a message that passes is to cost no coroutine.
    def send(self, message: Message) -> Awaitable[None]:
        """Where the application sends to."""
        if self._mode is Mode.PASSING:
            return self._send(message)
        return self._handled(message)

    async def _handled(self, message: Message) -> None:
        if self._mode is Mode.WAITING:
            if message["type"] != "http.response.start":
                await self._send(message)
                return
            self._mode = Mode.HELD
            self.brought = changed(self._given)
            # Here the plugins go on, often up to their decision, before this returns.
            self.started.set(message)
            if self.started.cancelled:
                await anyio.lowlevel.checkpoint()
            response = self._response
            if response is not None and (start := response.start_of_passing()) is not None:
                # What most requests come to, without the calls of the rest.
                self._response, self._undelivered = None, False
                try:
                    await self._send(start)
                finally:
                    self._move(Mode.PASSING)
                return
            if not self._undelivered and self._mode is Mode.HELD:
                self._go = Signal()
                await self._go.wait()
            if self._undelivered:
                await self._deliver()
            return
        while self._mode is Mode.HELD:
            # Another task of the application does not overtake the start.
            self._moved = self._moved or Signal()
            await self._moved.wait()
        if self._undelivered:
            await self._deliver()
        if self.dropped:
            await self._drop()
        elif self._mode is Mode.PASSING or message["type"] not in BODIES:
            await self._send(message)
        else:
            self._lock = self._lock or anyio.Lock(fast_acquire=True)
            async with self._lock:
                done = await self._in_turn(message)
            if not done:
                await self.send(message)

    async def _in_turn(self, message: Message) -> bool:
        """Let the plugins take a message of the body, or filter it; False if it is still to go."""
        # Much may have happened while another task's message had its turn.
        if self._undelivered:
            return False
        if self._mode is Mode.PULLED:
            return await self._hand_over(message)
        if self._mode is Mode.FILTERED:
            await self._filter(message)
            return True
        return False

    async def _hand_over(self, message: Message) -> bool:
        """Offer a message to the plugins; whether they took it."""
        self._offer = message
        go: Signal[None] = Signal()
        self._go = go
        if (offered := self._offered) is not None:
            offered.set(None)
            if offered.cancelled:
                await anyio.lowlevel.checkpoint()
        await go.wait()
        if self._undelivered:
            await self._deliver()
        if self._offer is not message:
            return True
        self._offer = None
        return False

    async def _deliver(self) -> None:
        response, self._undelivered = self._response, False
        if response is None:
            return
        mode = Mode.PASSING
        if not self.dropped:
            # For other tasks of the application the start has not been sent yet.
            self._mode = Mode.HELD
        try:
            if (start := response.start_of_passing()) is not None:
                self._response = None
                await self._send(start)
            elif not await response.deliver(self._send):
                mode, self._until = Mode.DROPPED, anyio.current_time() + PATIENCE
            elif response.filtered:
                mode = Mode.FILTERED
        except HookFailed as error:
            await self._break(error)
        finally:
            if not self.dropped:
                self._move(mode)

    async def _filter(self, message: Message) -> None:
        try:
            if self._response is not None:
                await self._response.passed(message, self._send)
        except HookFailed as error:
            await self._break(error)

    async def _break(self, error: HookFailed) -> None:
        """End the response abruptly; the application is not told of a plugin's fault."""
        self.error = error
        self.abandon()
        await anyio.lowlevel.checkpoint()

    async def _drop(self) -> None:
        if self._until is not None and anyio.current_time() > self._until:
            self._refused = True
            raise OSError("the response was replaced by a plugin, and nobody listens any more")
        await anyio.lowlevel.checkpoint()

    def _move(self, mode: Mode) -> None:
        self._mode = mode
        self.dropped = mode is Mode.DROPPED
        if self._moved is not None:
            self._moved.set(None)
            self._moved = None

    # In the plugins' task ------------------------------------------------------------------------

    def fail(self) -> NoReturn:
        """Raise what the application raised, when it ended without a response."""
        if self.dropped and self.error is None:
            raise RuntimeError("call_next was called again while this call of it was waiting")
        self._raise(ApplicationEnded(started=False))

    async def pull(self) -> Message | None:
        """Take the next message of the body; `None` after the last. Raises as `response` does."""
        if self.exhausted:
            return None
        if self._offer is None:
            self._offered = self._offered or Turn()
            offered = self._offered
            if self._mode in (Mode.HELD, Mode.PULLED):
                self._move(Mode.PULLED)
            self._let_go_on()
            await offered.wait()
        message, self._offer, self._offered = self._offer, None, None
        if message is None:
            self._raise(ApplicationEnded(started=True))
        self.exhausted = is_last(message)
        return message

    def decide(self, response: AppResponse) -> None:
        """This response is sent, with all that plugins changed; the application goes on."""
        self._response, self._undelivered, self.decided = response, True, True
        if self._go is not None:
            self._go.set(None)

    def drop(self) -> None:
        """Something else was sent; the application may finish, for nobody."""
        if not self.dropped:
            self._until = anyio.current_time() + PATIENCE
        self._move(Mode.DROPPED)
        self._let_go_on()

    def abandon(self) -> None:
        """Cancel the application, without waiting."""
        self._move(Mode.DROPPED)
        if self._stoppable is not None:
            self._stoppable.stop()
        self._let_go_on()

    async def stop(self) -> None:
        """Cancel the application and wait, whatever happens, until it has ended."""
        self.abandon()
        if not self.ended:
            self._over = self._over or Signal()
            with anyio.CancelScope(shield=True):
                await self._over.wait()

    def _let_go_on(self) -> None:
        if self._go is not None:
            self._go.set(None)

    def let_go(self) -> None:
        """Break the cycles with the response, which a plugin may keep, and with what was raised."""
        self._response = self._stoppable = None
        self.raised, self.error = (), None

    def _raise(self, otherwise: ApplicationEnded) -> NoReturn:
        """Raise what the application raised, if anything, into the plugins."""
        error, self.error = self.error or otherwise, None
        self.raised += (error,)
        try:
            raise error
        finally:
            del error

    def __repr__(self) -> str:
        return f"<Run of {self.scope['path']}, {self._mode.value}{', ended' * self.ended}>"

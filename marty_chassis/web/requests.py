"""The plugins of one generation that a request passes through, put together once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from marty_chassis.errors import HookFailed
from marty_chassis.hooks import (
    Failures,
    Generation,
    Manners,
    PointState,
    Step,
    chain,
    is_awaitable,
)

from .exchange import CURRENT, Chain, Exchange
from .paths import show_route
from .refusing import refuse
from .request import PluginRequest, says_it_left
from .response import AppResponse
from .steps import applies, steps

PRE, PROCESS, POST = "middleware_pre_request", "middleware_process", "middleware_post_response"


def through_plugins(generation: Generation, app: ASGIApp, failures: Failures) -> ASGIApp:
    """Put the plugins' request hooks before an application; the application itself if none."""
    before, around, after = (steps(generation, hook, failures) for hook in (PRE, PROCESS, POST))
    if around or after:
        return _exchanging(app, _chain(generation, before, around, after, failures), failures)
    if before:
        return _asking_first(app, _before(generation, before, failures), failures)
    return app


def _exchanging(app: ASGIApp, first: Chain, failures: Failures) -> ASGIApp:
    # Not `async def`: a coroutine that only awaits another costs as much as a plugin.
    def exchanging(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return Exchange(scope, receive, send, failures).serve(app, first)

    return exchanging


def _asking_first(app: ASGIApp, before: Chain, failures: Failures) -> ASGIApp:
    """The way without `call_next`: nothing needs a task of its own."""

    async def asking_first(scope: Scope, receive: Receive, send: Send) -> None:
        request = PluginRequest(scope, receive, send)
        try:
            answer = await before(request)
        except HookFailed:
            await refuse(500, scope, receive, send)
            return
        except BaseException as error:
            if says_it_left(error, request):
                return
            raise
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        if isinstance(answer, PluginRequest):
            inner, receive = answer.for_application(), answer.receive_once()
        else:
            inner, receive = answer.scope, answer.receive
        try:
            await app(inner, receive, send)
        finally:
            show_route(inner, scope)

    return asking_first


def _chain(
    generation: Generation,
    before: Sequence[Step],
    around: Sequence[Step],
    after: Sequence[Step],
    failures: Failures,
) -> Chain:
    async def call_with_both(request: Request) -> Response:
        answer = await ask_before(request)
        if isinstance(answer, Response):
            return answer
        response: Response = await CURRENT.get().call(answer)
        return await ask_after(response, answer)

    def call(request: Request) -> Any:
        return CURRENT.get().call(request)

    ask_before = _before(generation, before, failures)
    ask_after = _after(generation, after, failures)
    manners = Manners(
        theirs=lambda _, error: CURRENT.get().is_its_own(error), accepts=_accepts, applies=applies
    )
    spec = generation.points[PROCESS].spec
    return chain(around, call_with_both if before or after else call, spec, failures, manners)


def _before(generation: Generation, before: Sequence[Step], failures: Failures) -> Chain:
    state = generation.points[PRE]
    contained = _contained(state, failures)

    async def ask_before(request: Any) -> Request | Response:
        for one in before:
            if applies(one, request):
                answer = await contained(one, _request_or_response, request)
                if isinstance(answer, Response):
                    return answer
                request = request if answer is None else answer
        given: Request = request
        return given

    return ask_before


def _after(
    generation: Generation, after: Sequence[Step], failures: Failures
) -> Callable[[Response, Request], Awaitable[Response]]:
    state = generation.points[POST]
    contained = _contained(state, failures)

    async def ask_after(response: Response, request: Request) -> Response:
        for one in after:
            if applies(one, request):
                answer = await contained(one, _response, response, request)
                response = response if answer is None else answer
        return response

    return ask_after


def _contained(state: PointState, failures: Failures) -> Callable[..., Any]:
    """Ask one handler; a fault of it is this request's error, or it is left out."""
    failed = failures.of(state.spec)

    async def contained(one: Step, checked: Callable[[Any], None], *arguments: Any) -> Any:
        call, awaitable, handler = one
        breaker = None if handler.closed else failures.breaker(handler)
        if breaker is not None and not breaker.allows():
            return None
        try:
            answer = call(*arguments)
            if awaitable or is_awaitable(answer):
                answer = await answer
            checked(answer)
        except BaseException as error:
            if isinstance(error, HookFailed):
                raise
            exchange = CURRENT.get(None)
            # The request comes last among what any of these hooks is given.
            if (
                says_it_left(error, arguments[-1])
                or (exchange is not None and exchange.is_its_own(error))
                or failed(handler, error)
            ):
                raise
            if breaker is not None:
                breaker.failed()
            return None
        if breaker is not None:
            breaker.succeeded()
        return answer

    return contained


def _accepts(answer: Any) -> bool:
    # The usual answer first: this is asked after every plugin.
    if type(answer) is AppResponse and not answer.run.dropped:
        return True
    return isinstance(answer, Response) and getattr(answer, "usable", True)


def _request_or_response(answer: Any) -> None:
    if answer is not None and not isinstance(answer, (Request, Response)):
        raise TypeError(
            f"it answered {type(answer).__name__}; return the request, a response, or nothing"
        )


def _response(answer: Any) -> None:
    if answer is not None and not _accepts(answer):
        raise TypeError(f"it answered {type(answer).__name__}; return a response, or nothing")

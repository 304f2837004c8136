"""Read by mypy strict and pyright, never run: what asking a hook takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

from starlette.responses import PlainTextResponse

from marty_chassis.hooks import Answer, Hooks
from marty_hookspecs import (
    CallNext,
    PluginMetadata,
    Request,
    Response,
    ServiceInfo,
    metrics_collect,
    middleware_pre_request,
    plugin_loaded,
    service_discover,
    service_post_register,
    service_pre_register,
)


async def a_filter_gives_what_it_takes(hooks: Hooks, info: ServiceInfo) -> None:
    assert_type(await hooks.ask(service_pre_register, info), ServiceInfo)
    assert_type(await hooks.ask(service_pre_register, service_info=info), ServiceInfo)


async def a_filter_of_requests_may_give_a_response(hooks: Hooks, request: Request) -> None:
    assert_type(await hooks.ask(middleware_pre_request, request), Request | Response)


async def a_provider_gives_the_list_without_none(hooks: Hooks) -> None:
    assert_type(await hooks.ask(service_discover, {"name": "billing"}), list[list[ServiceInfo]])
    assert_type(await hooks.ask(metrics_collect), list[Mapping[str, float]])


async def a_hook_gives_nothing(hooks: Hooks, info: ServiceInfo) -> None:
    assert_type(await hooks.ask_detailed(service_post_register, info), list[Answer[None]])
    await hooks.ask(plugin_loaded, "audit", PluginMetadata("audit"))


async def each_answer_has_the_plugins_own_type(hooks: Hooks) -> None:
    answers = await hooks.ask_detailed(metrics_collect)
    assert_type(answers, list[Answer[Mapping[str, float]]])
    assert_type(answers[0].value, Mapping[str, float] | None)
    assert_type(await hooks.ask_one("audit", metrics_collect), list[Answer[Mapping[str, float]]])


async def the_untyped_door_is_untyped(hooks: Hooks) -> None:
    assert_type(await hooks.call("service.discover", {"name": "billing"}), Any)


async def wrong_arguments_are_errors(hooks: Hooks, info: ServiceInfo) -> None:
    await hooks.ask(service_pre_register, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await hooks.ask(service_pre_register)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await hooks.ask(service_pre_register, info, info)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await hooks.ask(service_pre_register, info=info)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def an_answer_may_go_where_anything_goes(hooks: Hooks) -> None:
    print(await hooks.ask(metrics_collect), await hooks.ask(service_discover, {}))


async def starlettes_responses_are_responses(request: Request, call_next: CallNext) -> Response:
    request.headers["x-seen"] = "yes"
    response = await call_next(request)
    response.headers.append("vary", "x-seen")
    return response if response.status_code < 500 else PlainTextResponse("later", 503)

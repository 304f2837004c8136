"""The agent's HTTP API over its state."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from .bodies import Bad, read_check, read_service
from .durations import seconds
from .state import NODE, Row, State

LONGEST = 600.0
STATUSES = ("passing", "warning", "critical")
SERF: Row = {
    "Node": NODE["Node"],
    "CheckID": "serfHealth",
    "Name": "Serf Health Status",
    "Status": "passing",
    "Notes": "",
    "Output": "Agent alive and reachable",
    "ServiceID": "",
    "ServiceName": "",
    "ServiceTags": [],
    "Type": "",
}

Act = Callable[[Request, State], Awaitable[Response]]


def application(state: State, *, token: str | None = None) -> Starlette:
    """One agent."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async def clockwork() -> None:
            while True:
                state.pass_time()
                await asyncio.sleep(0.02)

        task = asyncio.create_task(clockwork())
        yield
        task.cancel()

    def route(method: str, path: str, act: Act, *, open: bool = False) -> BaseRoute:
        async def endpoint(request: Request) -> Response:
            if request.method != method:
                allow = f"OPTIONS,{method}"
                words = f"Invalid method {request.method}"
                return PlainTextResponse(words, 405, {"Allow": allow})
            if token is not None and not open:
                given = _token(request)
                if given is None:
                    return _error(403, "Permission denied: anonymous token lacks permission")
                if given != token:
                    return _error(403, "ACL not found")
            try:
                return await act(request, state)
            except Bad as error:
                return _error(error.status, str(error))

        every = ["DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"]
        return Route(path, endpoint, methods=every)

    return Starlette(
        lifespan=lifespan,
        routes=[
            route("GET", "/", _root, open=True),
            route("PUT", "/v1/agent/service/register", _register),
            route("PUT", "/v1/agent/service/deregister/{id:path}", _deregister),
            route("PUT", "/v1/agent/service/maintenance/{id:path}", _maintenance),
            route("PUT", "/v1/agent/check/register", _register_check),
            route("PUT", "/v1/agent/check/deregister/{id:path}", _deregister_check),
            route("PUT", "/v1/agent/check/pass/{id:path}", _said("passing")),
            route("PUT", "/v1/agent/check/warn/{id:path}", _said("warning")),
            route("PUT", "/v1/agent/check/fail/{id:path}", _said("critical")),
            route("PUT", "/v1/agent/check/update/{id:path}", _update),
            route("GET", "/v1/agent/services", _services),
            route("GET", "/v1/agent/checks", _checks),
            route("GET", "/v1/agent/self", _self),
            route("GET", "/v1/agent/health/service/id/{id:path}", _agent_health),
            route("GET", "/v1/agent/health/service/name/{name:path}", _agent_health_by_name),
            route("GET", "/v1/health/service/{name:path}", _blocking(_health)),
            route("GET", "/v1/health/checks/{name:path}", _blocking(_health_checks)),
            route("GET", "/v1/health/state/{status}", _blocking(_health_state)),
            route("GET", "/v1/catalog/services", _blocking(_catalog)),
            route("GET", "/v1/status/leader", _leader),
            # Not Consul's: what else would need a cluster to lose its leader.
            route("PUT", "/contract/leader/{present}", _set_leader, open=True),
        ],
    )


# The agent's own services -----------------------------------------------------------------------


async def _root(_: Request, __: State) -> Response:
    return PlainTextResponse("Consul Agent")


async def _register(request: Request, state: State) -> Response:
    service, checks = read_service(await request.body())
    replace = "replace-existing-checks" in request.query_params and _truth(
        request, "replace-existing-checks"
    )
    state.register(service, checks, replace=replace)
    return Response()


async def _deregister(request: Request, state: State) -> Response:
    state.deregister(_service(request, state))
    return Response()


async def _maintenance(request: Request, state: State) -> Response:
    if not request.path_params["id"]:
        raise Bad("Missing service ID")
    if "enable" not in request.query_params:
        raise Bad("Missing value for enable")
    enable = request.query_params["enable"]
    if enable not in ("true", "false"):
        raise Bad(f'Invalid value for enable: "{enable}"')
    id = _service(request, state)
    state.maintain(id, enable == "true", request.query_params.get("reason", ""))
    return Response()


async def _register_check(request: Request, state: State) -> Response:
    check = read_check(await request.body())
    id = check["ServiceID"]
    if id and id not in state.services:
        raise Bad(f'ServiceID "{id}" does not exist', 404)
    state.add_check(check)
    return Response()


async def _deregister_check(request: Request, state: State) -> Response:
    state.remove_check(_check(request, state))
    return Response()


def _said(status: str) -> Act:
    async def act(request: Request, state: State) -> Response:
        state.update(_check(request, state), status, request.query_params.get("note", ""))
        return Response()

    return act


async def _update(request: Request, state: State) -> Response:
    body = json.loads(await request.body() or "{}")
    status = body.get("Status", "")
    if status not in STATUSES:
        raise Bad(f"Invalid check status: '{status}'")
    state.update(_check(request, state), status, body.get("Output", ""))
    return Response()


async def _services(_: Request, state: State) -> Response:
    return JSONResponse(state.services)


async def _checks(_: Request, state: State) -> Response:
    return JSONResponse({id: _shown(check) for id, check in state.checks.items()})


async def _self(_: Request, __: State) -> Response:
    config = {"Datacenter": "dc1", "NodeName": NODE["Node"], "NodeID": NODE["ID"]}
    return JSONResponse({"Config": {**config, "Server": True, "Version": "contract"}})


async def _agent_health(request: Request, state: State) -> Response:
    id = request.path_params["id"]
    if id not in state.services:
        raise Bad(f"ServiceId {id} not found", 404)
    body = _agent_row(state, id)
    return JSONResponse(body, _code(body["AggregatedStatus"]))


async def _agent_health_by_name(request: Request, state: State) -> Response:
    name = request.path_params["name"]
    ids = [id for id, service in state.services.items() if service["Service"] == name]
    if not ids:
        raise Bad(f'ServiceName "{name}" Not Found', 404)
    rows = [_agent_row(state, id) for id in ids]
    found = [row["AggregatedStatus"] for row in rows]
    worst = next((one for one in ("critical", "warning") if one in found), "passing")
    return JSONResponse(rows, _code(worst))


async def _leader(_: Request, state: State) -> Response:
    return JSONResponse("127.0.0.1:8300" if state.leader else "")


async def _set_leader(request: Request, state: State) -> Response:
    state.leader = request.path_params["present"] == "true"
    return Response()


# What can be waited for -------------------------------------------------------------------------


def _blocking(look: Callable[[Request, State], Any]) -> Act:
    async def act(request: Request, state: State) -> Response:
        query = request.query_params
        if "stale" in query and "consistent" in query:
            raise Bad("Cannot specify ?stale with ?consistent, conflicting semantics.")
        index = query.get("index", "0")
        if not index.isdigit():
            raise Bad("Invalid index")
        try:
            wait = seconds(query.get("wait", "5m")) or 300.0
        except ValueError:
            raise Bad("Invalid wait time") from None
        look(request, state)  # What is wrong with the question is said at once.
        if not state.leader:
            raise Bad("No cluster leader", 500)
        if int(index):
            wait = min(wait, LONGEST)
            await state.change(int(index), wait + random.uniform(0, wait / 16))
        if not state.leader:
            raise Bad("No cluster leader", 500)
        headers = {
            "X-Consul-Index": str(max(1, state.index)),
            "X-Consul-KnownLeader": "true",
            "X-Consul-LastContact": "0",
            "X-Consul-Effective-Consistency": "stale" if "stale" in query else "leader",
            "X-Consul-Query-Backend": "blocking-query",
        }
        return JSONResponse(look(request, state), headers=headers)

    return act


def _health(request: Request, state: State) -> Any:
    name = request.path_params["name"]
    if not name:
        raise Bad("Missing service name")
    passing = "passing" in request.query_params and _truth(request, "passing")
    tags = request.query_params.getlist("tag")
    rows = []
    for id, service in state.services.items():
        checks = [SERF, *map(_shown, state.checks_of(id))]
        if (
            service["Service"] == name
            and set(tags) <= set(service["Tags"])
            and not (passing and any(check["Status"] != "passing" for check in checks))
        ):
            rows.append({"Node": NODE, "Service": service, "Checks": checks})
    return rows


def _health_checks(request: Request, state: State) -> Any:
    name = request.path_params["name"]
    if not name:
        raise Bad("Missing service name")
    return [_shown(check) for check in state.checks.values() if check["ServiceName"] == name]


def _health_state(request: Request, state: State) -> Any:
    status = request.path_params["status"]
    every = [SERF, *map(_shown, state.checks.values())]
    return [check for check in every if status in ("any", check["Status"])]


def _catalog(_: Request, state: State) -> Any:
    found: dict[str, list[str]] = {"consul": []}
    for service in state.services.values():
        tags = found.setdefault(service["Service"], [])
        tags += [tag for tag in service["Tags"] if tag not in tags]
    return found


# ------------------------------------------------------------------------------------------------


def _token(request: Request) -> str | None:
    """The first that is given counts."""
    kind, _, word = request.headers.get("authorization", "").partition(" ")
    bearer = word if kind.lower() == "bearer" else None
    return request.query_params.get("token") or request.headers.get("x-consul-token") or bearer


def _truth(request: Request, name: str) -> bool:
    given = request.query_params[name]
    if given not in ("", "true", "1", "false", "0"):
        raise Bad(f"Invalid value for ?{name}")
    return given not in ("false", "0")


def _service(request: Request, state: State) -> str:
    id = str(request.path_params["id"])
    if id not in state.services:
        words = f'Unknown service ID "{id}". Ensure that the service ID is passed, not the service'
        raise Bad(f"{words} name.", 404)
    return id


def _check(request: Request, state: State) -> str:
    id = str(request.path_params["id"])
    if id not in state.checks:
        words = f'Unknown check ID "{id}". Ensure that the check ID is passed, not the check name.'
        raise Bad(words, 404)
    return id


def _shown(check: Row) -> Row:
    return {key: value for key, value in check.items() if not key.islower()}


def _agent_row(state: State, id: str) -> Row:
    checks = list(map(_shown, state.checks_of(id)))
    return {"AggregatedStatus": state.health(id), "Service": state.services[id], "Checks": checks}


def _code(status: str) -> int:
    return {"passing": 200, "warning": 429}.get(status, 503)


def _error(status: int, words: str) -> Response:
    return PlainTextResponse(words, status)

"""The answers that move plugins: reload, enable, disable. Each attempt is audited."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict

from starlette.responses import Response

from marty_chassis.errors import (
    LifecycleError,
    NotRunning,
    PluginBusy,
    PluginRequired,
    UnknownPlugin,
)
from marty_chassis.lifecycle import PluginStatus, State
from marty_chassis.web.problem import problem

from .access import FORBIDDEN, Role, foreign
from .asked import Asked, Desk, answer, refused
from .audit import Attempt
from .models import MovedPlugin, ReloadedPlugin

_STATUS: Mapping[type[LifecycleError], tuple[int, str]] = {
    UnknownPlugin: (404, "unknown-plugin"),
    PluginBusy: (409, "plugin-busy"),
    PluginRequired: (409, "plugin-required"),
    NotRunning: (503, "not-running"),
}

_YES = frozenset({"", "1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

Move = Callable[[Desk, Asked], Awaitable[Response]]


async def audited(action: str, move: Move, desk: Desk, asked: Asked) -> Response:
    """Answer a request to move a plugin, and write down what became of it."""
    refusal = asked.refusal or foreign(asked.headers)
    if refusal is None and asked.role is not Role.OPERATOR:
        refusal = FORBIDDEN
    status = 0
    try:
        response = refused(refusal) if refusal else await _answered(move, desk, asked)
        status = response.status_code
    finally:
        attempt = Attempt(
            action,
            asked.plugin[:100],
            asked.role.value if asked.role else "nobody",
            asked.client,
            status,
            refusal.type if refusal else "",
        )
        desk.audit.log(attempt)
    await desk.audit.publish(attempt)
    return response


async def reload(desk: Desk, asked: Asked) -> Response:
    """Replace a plugin by what its source is now; what fails before the swap changes nothing."""
    word = asked.query.get("wait", "").lower()
    if word not in ("", "swap", "drain"):
        return problem(400, "wait is `swap` or `drain`.", type="bad-query")
    reloaded = await desk.overseer.reload(asked.plugin, drained=word == "drain")
    reason = desk.masked(reloaded.reason)
    found = ReloadedPlugin(**{**asdict(reloaded), "reason": reason})
    if not reloaded.rolled_back:
        return answer(desk, found)
    detail = f"plugin {found.plugin!r} was not reloaded. {reason}"
    return problem(422, detail, type="rolled-back", **found.model_dump())


async def enable(desk: Desk, asked: Asked) -> Response:
    """Let a disabled plugin start again."""
    status = await desk.overseer.enable(asked.plugin)
    return _moved(desk, "enable", status, State.STARTED if desk.overseer.running else status.state)


async def disable(desk: Desk, asked: Asked) -> Response:
    """Stop a plugin and keep it from starting."""
    word = asked.query.get("force", "no").lower()
    if word not in _YES | _NO:
        return problem(400, "force is `true` or `false`.", type="bad-query")
    status = await desk.overseer.disable(asked.plugin, force=word in _YES)
    return _moved(desk, "disable", status, State.DISABLED)


async def _answered(move: Move, desk: Desk, asked: Asked) -> Response:
    try:
        return await move(desk, asked)
    except LifecycleError as error:
        status, type = next(
            (found for kind, found in _STATUS.items() if isinstance(error, kind)),
            (409, "cannot-move"),
        )
        return problem(status, desk.masked(str(error)), type=type)


def _moved(desk: Desk, action: str, status: PluginStatus, wanted: State) -> Response:
    reason = desk.masked(status.reason)
    if status.state is not wanted:
        return problem(
            409,
            f"plugin {status.name!r}: {action} was done, and it is {status.state.value}."
            f" {reason}".rstrip(),
            type="not-where-wanted",
            plugin=status.name,
            action=action,
            state=status.state.value,
            reason=reason,
        )
    return answer(
        desk,
        MovedPlugin(
            plugin=status.name,
            action=action,
            state=status.state.value,
            reason=reason,
            generation=status.generation,
            worker=os.getpid(),
        ),
    )

"""The answers that move plugins: reload, enable, disable. Each attempt is audited."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from starlette.responses import Response

from marty_chassis.errors import (
    LifecycleError,
    MartyError,
    NotRunning,
    PluginBusy,
    PluginRequired,
    UnknownPlugin,
    WorkersApart,
)
from marty_chassis.lifecycle import PluginStatus, State
from marty_chassis.web.problem import ProblemResponse, problem
from marty_chassis.web.workers import WorkerResult, of_reload, of_status

from .access import FORBIDDEN, Role, foreign
from .asked import Asked, Desk, answer, refused
from .audit import Attempt
from .models import MovedPlugin, ReloadedPlugin

_STATUS: Mapping[type[MartyError], tuple[int, str]] = {
    UnknownPlugin: (404, "unknown-plugin"),
    PluginBusy: (409, "plugin-busy"),
    PluginRequired: (409, "plugin-required"),
    NotRunning: (503, "not-running"),
    WorkersApart: (503, "workers-apart"),
}

_YES = frozenset({"", "1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})

Move = Callable[[Desk, Asked], Awaitable[Response]]


async def audited(action: str, move: Move, desk: Desk, asked: Asked) -> Response:
    """Answer a request to move a plugin, and write down what became of it."""
    refusal = asked.refusal or foreign(asked.headers)
    if refusal is None and asked.role is not Role.OPERATOR:
        refusal = FORBIDDEN
    status, type = 0, ""
    try:
        response = refused(refusal) if refusal else await _answered(move, desk, asked)
        status = response.status_code
        type = response.type if isinstance(response, ProblemResponse) else ""
    finally:
        attempt = Attempt(
            action,
            asked.plugin[:100],
            asked.role.value if asked.role else "nobody",
            asked.client,
            status,
            type,
        )
        desk.audit.log(attempt)
    await desk.audit.publish(attempt)
    return response


async def reload(desk: Desk, asked: Asked) -> Response:
    """Replace a plugin by what its source is now; what fails before the swap changes nothing."""
    word = asked.query.get("wait", "").lower()
    if word not in ("", "swap", "drain"):
        return problem(400, "wait is `swap` or `drain`.", type="bad-query")
    drained = word == "drain"
    overseer, several = desk.overseer, not desk.workers.alone
    # The other workers are not to wait until the old one is dropped here.
    do = partial(overseer.reload, asked.plugin, drained=drained and not several)
    reloaded, workers = await desk.workers.ordered("reload", asked.plugin, do, of_reload)
    if drained and several and not reloaded.rolled_back:
        reloaded = replace(reloaded, draining=await overseer.dropped(asked.plugin))
    found = ReloadedPlugin(
        **{**asdict(reloaded), "reason": desk.masked(reloaded.reason)}, workers=list(workers)
    )
    if not reloaded.rolled_back:
        return _everywhere(desk, "reload", found)
    detail = f"plugin {found.plugin!r} was not reloaded. {found.reason}"
    return problem(422, detail, type="rolled-back", **_shown(desk, found))


async def enable(desk: Desk, asked: Asked) -> Response:
    """Let a disabled plugin start again."""
    running, began = desk.overseer.running, time.perf_counter()
    status, workers = await desk.workers.ordered(
        "enable",
        asked.plugin,
        partial(desk.overseer.enable, asked.plugin),
        lambda status: of_status(status, State.STARTED if running else status.state, began),
    )
    return _moved(desk, "enable", status, workers)


async def disable(desk: Desk, asked: Asked) -> Response:
    """Stop a plugin and keep it from starting."""
    word = asked.query.get("force", "no").lower()
    if word not in _YES | _NO:
        return problem(400, "force is `true` or `false`.", type="bad-query")
    force, began = word in _YES, time.perf_counter()
    status, workers = await desk.workers.ordered(
        "disable",
        asked.plugin,
        partial(desk.overseer.disable, asked.plugin, force=force),
        lambda status: of_status(status, State.DISABLED, began),
        force=force,
    )
    return _moved(desk, "disable", status, workers)


async def _answered(move: Move, desk: Desk, asked: Asked) -> Response:
    try:
        return await move(desk, asked)
    except (LifecycleError, WorkersApart) as error:
        status, type = next(
            (found for kind, found in _STATUS.items() if isinstance(error, kind)),
            (409, "cannot-move"),
        )
        return problem(status, desk.masked(str(error)), type=type)


def _moved(
    desk: Desk, action: str, status: PluginStatus, workers: Sequence[WorkerResult]
) -> Response:
    reason = desk.masked(status.reason)
    if not workers[0].ok:
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
    moved = MovedPlugin(
        plugin=status.name,
        action=action,
        state=status.state.value,
        reason=reason,
        generation=status.generation,
        worker=os.getpid(),
        workers=list(workers),
    )
    return _everywhere(desk, action, moved)


def _everywhere(desk: Desk, action: str, found: MovedPlugin | ReloadedPlugin) -> Response:
    """Say that it is done, or in which workers it is not."""
    apart = [worker for worker in found.workers if not worker.ok]
    if not apart:
        return answer(desk, found)
    which = " ".join(f"Worker {worker.pid}: {worker.reason}" for worker in apart)
    detail = (
        f"plugin {found.plugin!r}: {action} was done here, and not in {len(apart)} of"
        f" {len(found.workers)} workers. {desk.masked(which)} Ask again."
    )
    return problem(409, detail, type="workers-differ", **_shown(desk, found))


def _shown(desk: Desk, found: MovedPlugin | ReloadedPlugin) -> dict[str, Any]:
    """Give all fields for a problem, what plugins say masked."""
    shown = found.model_dump()
    for worker in shown["workers"]:
        worker["reason"] = desk.masked(worker["reason"])
    return shown

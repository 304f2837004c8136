"""Whether a plugin can be replaced while it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
import anyio.lowlevel
import httpx2

from marty_chassis.boundary import Detached, spawn
from marty_chassis.errors.root import shown
from marty_hookspecs.web import Receive, Scope, Send

from .clean import assert_clean
from .defaults import SECONDS, merged
from .echo import echo
from .exports import Exports
from .failures import LeftBehind, NotReloadable
from .host import PluginHost
from .serving import URL

CLIENTS = 4
"""How many ask without a pause while the plugin is replaced for the last time."""
EXCLUSIVE = 0.5
"""Seconds that an exclusive plugin waits for requests under way, and requests wait for it."""


async def assert_reloadable(
    plugin: object,
    *,
    config: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Replace a plugin twice under a slow request, and once under many short ones.

    Raises `NotReloadable` with all that went wrong: a reload that was taken back, a request that was
    not answered as before, a fault, state that `export_state` gives and the next generation does
    not have, something of an old generation that is alive afterwards, with who holds it. Where that
    is all well, `LeftBehind` as `PluginHost` does.

    plugin: a class, a file, or what else `PluginHost` takes; only a file's code is read anew.
    headers: of every request, for a plugin that lets nobody in without. A plugin of which there can
    be one only (`reload="exclusive"`, an instance) is replaced under a request that ends meanwhile.
    """
    limits = {"plugins": {"reload": {"exclusive_timeout": EXCLUSIVE}}}
    app = _SlowApp()
    async with PluginHost(
        plugin, config=config, settings=merged(limits, settings or {}), app=app, clean=False
    ) as host:
        transport = httpx2.ASGITransport(host.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(
            transport=transport, base_url=URL, headers=dict(headers or {})
        ) as client:
            problems = await _Trial(host, app, client).run()
    problems += [f"{fault}" for fault in host.chassis.faults.recent(host.name)]
    try:
        assert_clean(host)
    except LeftBehind as found:
        if not problems:
            raise
        # The line that does it says more than who holds what it has made.
        problems = [*found.left, *problems]
    if problems:
        raise NotReloadable(host.name, problems)


class _SlowApp:
    """Answers every path; at `/slow` a request waits until it is let go."""

    def __init__(self) -> None:
        self.asked = False
        """Whether the slow request has come as far as here."""
        self.news = anyio.Event()
        """Set when it has, or has ended before."""
        self.let_go = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/slow":
            self.asked = True
            self.news.set()
            await self.let_go.wait()
        await echo(scope, receive, send)


class _Trial:
    """One plugin on trial; what is wrong with it."""

    def __init__(self, host: PluginHost, app: _SlowApp, client: httpx2.AsyncClient) -> None:
        self._host = host
        self._app = app
        self._client = client
        self._supervisor = host.chassis.plugin_manager.supervisor
        self._problems: list[str] = []
        self._expected = 0

    async def run(self) -> list[str]:
        self._expected = (await self._client.get("/")).status_code
        slow = spawn(self._client.get, "/slow", name="slow request")
        try:
            await self._under(slow)
        finally:
            self._app.let_go.set()
        await self._under_load()
        await self._supervisor.dropped(self._host.name)
        # What it has published may hold something of it.
        self._host.events.clear()
        for leak in self._supervisor.leaks_of(self._host.name, briefly=True):
            self._problems.append(
                f"the {leak.what} of generation {leak.generation} is still alive, held by"
                f" {' and by '.join(leak.holders)}: let go of it in `stop`"
            )
        return self._problems

    async def _under(self, slow: Detached[httpx2.Response]) -> None:
        slow.when_ended(lambda _: self._app.news.set())
        with anyio.move_on_after(SECONDS):
            await self._app.news.wait()
        if not self._app.asked:
            self._problems.append(
                f"no request comes as far as the application, {self._expected} is answered before:"
                " say what lets one in, assert_reloadable(..., headers={...})"
            )
            return
        end = None
        if self._is_exclusive():
            # It waits for the request, and would wait in vain.
            end = spawn(self._let_go_soon, name="end of the slow request")
        exports = Exports()
        for _ in range(2):
            exports.watch(self._host.plugin)
            await self._reload()
        exports.watch(self._host.plugin)
        if end is not None:
            await end.wait()
        self._app.let_go.set()
        await slow.wait(SECONDS)
        status = slow.result().status_code if slow.done else 0
        self._answered("the slow request, which began before both reloads,", status)
        if exports.differ():
            self._problems.append(
                "what export_state gave was not there in the next generation: let import_state take"
                f" all of it. {' was followed by '.join(shown(one, 100) for one in exports.states)}"
            )

    async def _reload(self) -> None:
        before = self._host.status().generation
        done = await self._host.reload()
        if done.rolled_back or done.generation == before:
            self._problems.append(f"generation {before} could not be replaced: {done.reason}")

    async def _under_load(self) -> None:
        ends = anyio.Event()

        async def ask() -> None:
            while not ends.is_set():
                status = (await self._client.get("/")).status_code
                self._answered("a request during a reload", status)
                # A request that waits for nothing lets nobody else run.
                await anyio.lowlevel.checkpoint()

        async with anyio.create_task_group() as clients:
            for _ in range(CLIENTS):
                clients.start_soon(ask)
            await anyio.lowlevel.checkpoint()
            await self._reload()
            ends.set()

    def _answered(self, what: str, status: int) -> None:
        if status != self._expected:
            said = f"was answered with {status}" if status else "was not answered"
            line = f"{what} {said}, and {self._expected} was expected"
            if line not in self._problems:
                self._problems.append(line)

    async def _let_go_soon(self) -> None:
        await anyio.sleep(EXCLUSIVE / 10)
        self._app.let_go.set()

    def _is_exclusive(self) -> bool:
        candidate = self._supervisor.candidates()[self._host.name]
        one_object = candidate.shape in ("instance", "module") and candidate.room is None
        settings = self._host.chassis.config.plugins.settings_of(self._host.name)
        said = settings.reload or candidate.metadata.reload
        return one_object or said == "exclusive"

"""A module is the plugin: it hears of no cancellation, and of no websocket."""

import asyncio
from contextlib import suppress

from starlette.responses import PlainTextResponse

from marty_chassis.plugins import PluginMetadata, hookimpl

plugin_metadata = PluginMetadata(  # expect: missing-metadata
    name="module-swallows",
    dependencies=("module-swallows",),  # expect: bad-dependency
)


@hookimpl
async def middleware_process(request, call_next):  # expect: no-websocket
    try:
        return await call_next(request)
    except (asyncio.CancelledError, ValueError):  # expect: swallows-cancellation
        pass
    with suppress(BaseException):  # expect: swallows-cancellation
        return await call_next(request)
    return PlainTextResponse("all is well")


@hookimpl
async def service_post_register(service):  # expect: wrong-arguments
    print(service["name"])


@hookimpl
def service_post_unregistered(service_info):  # expect: unknown-hook
    print(service_info["name"])


def metrics_collect():  # expect: unmarked-hook
    return {"swallowed": 1}

"""Found by its name, as pytest finds a `conftest.py`: functions marked with `@hookimpl`."""

from __future__ import annotations

from marty_hookspecs import CallNext, Request, Response, ServiceInfo, hookimpl


@hookimpl
def service_pre_register(service_info: ServiceInfo) -> ServiceInfo:
    service_info["tags"] = [*service_info.get("tags", []), "from-martyconf"]
    return service_info


@hookimpl(priority=10)
async def middleware_process(request: Request, call_next: CallNext) -> Response:
    response = await call_next(request)
    response.headers["x-service"] = "orders"
    return response


@hookimpl
def metrics_collect() -> dict[str, float]:
    return {"queue_length": 3}

"""The extension points as they are asked now."""

from __future__ import annotations

from typing import Any

from marty_chassis.hooks import ExtensionPoint
from marty_chassis.plugins import ExtensionPointType, IMiddlewarePlugin, IPlugin, plugin
from marty_chassis.web.management.models import PointsView, PointView
from marty_hookspecs import hookimpl
from marty_hookspecs.contract import points

from .conftest import VIEWER, Make, Service


@plugin(name="late")
class Late(IPlugin):
    @hookimpl(trylast=True)
    async def service_pre_register(self, service_info: Any) -> Any: ...


@plugin(name="early")
class Early(IPlugin):
    @hookimpl(priority=5, blocking=True)
    def service_pre_register(self, service_info: Any) -> Any: ...


@plugin(name="tracing", failure_policy="open")
class Tracing(IMiddlewarePlugin):
    async def process_request(self, request: Any, call_next: Any) -> Any:
        return await call_next(request)

    def get_middleware_priority(self) -> int:
        return 10


async def shown(service: Service) -> dict[str, PointView]:
    response = await service.get("/extension-points", VIEWER)
    assert response.status_code == 200
    view = PointsView.model_validate_json(response.content)
    names = [point.name for point in view.extension_points]
    assert names == sorted(names)
    return {point.name: point for point in view.extension_points}


async def test_every_point_of_the_contract_is_there_with_its_words(make: Make) -> None:
    service = await make()

    found = await shown(service)

    assert set(found) == {point.extension_point.name for point in points()}
    point = found["service.pre_register"]
    assert point.hook == "service_pre_register"
    assert (point.type, point.on_error, point.deadline) == ("filter", "keep", 5.0)
    assert (point.copies, point.since, point.owner) == (True, "1.0", None)
    assert point.description == "Return the service as it should be registered."
    assert point.parameters == {"service_info": "ServiceInfo"}


async def test_handlers_stand_in_the_order_of_calling_with_the_reason(make: Make) -> None:
    service = await make(Late, Early, Tracing)

    found = await shown(service)

    handlers = found["service.pre_register"].handlers
    assert [(h.plugin, h.reason) for h in handlers] == [
        ("early", "priority 5"),
        ("late", "trylast, priority 100"),
    ]
    assert handlers[0].blocking
    assert handlers[0].function == "Early.service_pre_register"
    (tracing,) = found["middleware.process"].handlers
    assert (tracing.priority, tracing.failure_policy, tracing.scope) == (10, "open", None)


async def test_the_operators_priority_is_the_reason(make: Make) -> None:
    settings = {"settings": {"late": {"priority": 1}}, "entry_points": "none"}
    service = await make(Late, Early, plugins=settings)

    handlers = (await shown(service))["service.pre_register"].handlers

    assert [h.plugin for h in handlers] == ["late", "early"]


async def test_a_point_of_a_plugin_is_there_while_the_plugin_is(make: Make) -> None:
    @plugin(name="transformer")
    class Transformer(IPlugin):
        async def initialize(self, context: Any) -> None:
            context.extension_points.register_extension_point(
                ExtensionPoint(
                    "data.transform",
                    ExtensionPointType.FILTER,
                    "Change data.",
                    {"data": "Dict[str, Any]"},
                    "Dict[str, Any]",
                )
            )
            context.extension_points.register_handler("data.transform", Callable())

    service = await make(Transformer)

    point = (await shown(service))["data.transform"]
    await service.manager.disable("transformer")

    assert (point.owner, point.description) == ("transformer", "Change data.")
    assert point.parameters == {"data": "Dict[str, Any]"}
    assert point.handlers[0].function == "Callable"
    assert "data.transform" not in await shown(service)


class Callable:
    """A callable object whose words are nobody's business."""

    async def __call__(self, data: Any) -> Any:
        return data

    def __repr__(self) -> str:
        raise RuntimeError("not to be printed")

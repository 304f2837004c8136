"""A shop behind all bundled plugins: traced, authenticated, metered, registered and logged.

Nothing here knows of tracing, metrics, logs, Consul or etcd: they are plugins, and config.yaml
starts them. `python examples/storefront/client.py` starts this service and proves it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security, WebSocket
from pydantic import BaseModel, Field

from marty_chassis import Chassis, create_fastapi_app
from marty_chassis.contrib.jwt_authentication import Principal
from marty_chassis.contrib.jwt_authentication.fastapi import current_principal
from marty_hookspecs import ServiceInfo

app = create_fastapi_app("config.yaml")
chassis: Chassis = app.state.chassis

PRODUCTS = {"tea": 4, "coffee": 7}
"""What there is, and what it costs."""

Customer = Annotated[Principal, Security(current_principal, scopes=["orders"])]


class Order(BaseModel):
    product: str
    count: int = Field(gt=0, le=100)


@app.get("/products")
async def products() -> dict[str, int]:
    return PRODUCTS


@app.post("/orders", status_code=201)
async def order(wanted: Order, customer: Customer, request: Request) -> dict[str, object]:
    placed = {"customer": customer.subject, **wanted.model_dump()}
    await chassis.event_bus.publish("order.placed", placed)
    return {**placed, "correlation_id": request.state.correlation_id}


@app.websocket("/orders/live")
async def live(websocket: WebSocket, customer: Customer) -> None:
    await websocket.accept()
    await websocket.send_text(f"hello {customer.subject}")
    await websocket.close()


@app.get("/stock", response_model=None)  # pydantic reads no TypedDict before Python 3.12
async def stock() -> list[ServiceInfo]:
    """The warehouses that the registries know; `stale` where they are the last that was known."""
    return await chassis.service_registry.discover({"name": "warehouse"})

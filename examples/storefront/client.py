"""Proves what the storefront says of itself, under load, while Consul and etcd die and come back.

Run it:
    python examples/storefront/client.py

It needs marty-chassis[standard,consul,etcd]. It starts the service in config.yaml, a warehouse to
be found, and Consul and etcd where they are installed (`apt-get install etcd-server`; `--consul
COMMAND` says how to start Consul otherwise). Each line it prints is a claim that it has just seen
to be so; the first one that is not ends it with exit code 1.

Prints:
    authenticated:
      no token: 401, WWW-Authenticate: Bearer realm="marty"
      a token of somebody else: 401
      a token that says it needs no signature: 401
      a token of 10 KB: 401
      garbage: 401
      5 ways around the path: 401 each
      a websocket without a token: 401
      a websocket with one: hello ada
      an order with one: 201, for ada
    traced:
      our correlation id comes back, and the handler has it, too: order-4711
      the time that it took is in X-Processing-Time
      an id that is none is replaced
      a refusal has one, too: mine
    metered:
      50 requests: the counter of the route has grown by 50
      3 pieces were ordered, says the plugin orders through /metrics
    logged:
      the log is JSON, and has lines of order-4711
      ... the server's access line among them
      the audit trail has auth.issued, auth.refused, order.placed, user.login
      no password, no token, no secret is in it
    registered:
      consul has the storefront and the warehouse
      etcd has the storefront and the warehouse
      the storefront has found the warehouse
    under load, Consul and etcd die and come back:
      consul and etcd killed: the warehouse is still found, and marked stale
      consul and etcd back: the warehouse is found, fresh
      consul has both services again
      etcd has both services again
    under load, every plugin is reloaded:
      request-tracing reloaded: generation 2
      custom-metrics reloaded: generation 2
      structured-logging reloaded: generation 2
      consul reloaded: generation 2
      etcd reloaded: generation 2
      jwt-authentication reloaded: generation 2
      the token of before is still good
    the load:
      0 requests failed
    stopped:
      exit code 0
      consul has the warehouse alone
      etcd has the warehouse alone
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx2
from processes import Process, marty, registry
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

HERE = Path(__file__).parent
PLUGINS = (
    "request-tracing",
    "custom-metrics",
    "structured-logging",
    "consul",
    "etcd",
    "jwt-authentication",
)


class Customer:
    """Who buys, and looks closely."""

    def __init__(self, folder: Path, registries: list[Process]) -> None:
        self.folder = folder
        self.registries = registries
        self.token = secrets.token_urlsafe(32)
        self.operator = {"authorization": f"Bearer {self.token}"}
        self.password = secrets.token_urlsafe(12)
        environment = {
            "MARTY_PLUGINS__JWT_AUTHENTICATION__JWT_SECRET": secrets.token_urlsafe(48),
            "MARTY_MANAGEMENT__TOKEN": self.token,
            **{f"MARTY_PLUGINS__{one.name.upper()}__ADDRESS": one.url for one in registries},
        }
        if "consul" not in {one.name for one in registries}:
            environment["MARTY_PLUGINS__CONSUL__ADDRESS"] = "127.0.0.1:9"  # Nobody is there.
        self.shop = marty(
            "storefront", "-c", "config.yaml", "service:app", folder=folder, environment=environment
        )
        self.warehouse = marty(
            "warehouse", "-c", "warehouse.yaml", folder=folder, environment=environment
        )
        self.client = httpx2.AsyncClient(base_url=self.shop.url, timeout=20)
        self.bearer: dict[str, str] = {}

    # What is claimed --------------------------------------------------------------------------

    async def authenticated(self) -> None:
        account = {"name": "ada", "password": self.password}
        order = {"product": "tea", "count": 2}
        await self.answers(201, "POST", "/accounts", json=account)
        wrong = {**account, "password": "guessed"}
        await self.answers(401, "POST", "/token", json=wrong)
        token = (await self.answers(200, "POST", "/token", json=account)).json()["access_token"]
        self.bearer = {"authorization": f"Bearer {token}"}

        refused = await self.answers(401, "POST", "/orders", json=order)
        claim(
            f"no token: 401, WWW-Authenticate: {refused.headers['www-authenticate']}",
            refused.headers["www-authenticate"].startswith("Bearer"),
        )
        for what, forged in forgeries(token).items():
            header = {"authorization": f"Bearer {forged}"}
            claim(f"{what}: 401", await self.status("POST", "/orders", headers=header) == 401)
        around = ("//orders", "/%6frders", "/products/../orders", "/orders/", "/./orders")
        statuses = {await self.status("POST", path) for path in around}
        claim(f"{len(around)} ways around the path: 401 each", statuses == {401})
        claim("a websocket without a token: 401", await self.handshake({}) == "401")
        claim("a websocket with one: hello ada", await self.handshake(self.bearer) == "hello ada")
        placed = await self.answers(201, "POST", "/orders", json=order, headers=self.bearer)
        claim("an order with one: 201, for ada", placed.json()["customer"] == "ada")

    async def traced(self) -> None:
        own = {"x-correlation-id": "order-4711", **self.bearer}
        placed = await self.answers(
            201, "POST", "/orders", json={"product": "coffee", "count": 1}, headers=own
        )
        claim(
            "our correlation id comes back, and the handler has it, too: order-4711",
            placed.headers["x-correlation-id"] == placed.json()["correlation_id"] == "order-4711",
        )
        claim(
            "the time that it took is in X-Processing-Time", "x-processing-time" in placed.headers
        )
        bad = await self.answers(200, "GET", "/products", headers={"x-correlation-id": "a b\t<c>"})
        claim(
            "an id that is none is replaced",
            re.fullmatch(r"[0-9a-f-]{36}", bad.headers["x-correlation-id"]) is not None,
        )
        refused = await self.answers(401, "POST", "/orders", headers={"x-correlation-id": "mine"})
        claim("a refusal has one, too: mine", refused.headers["x-correlation-id"] == "mine")

    async def metered(self) -> None:
        before = await self.figure("http_requests_total", route="/products", status="200")
        for _ in range(50):
            await self.answers(200, "GET", "/products")
        after = await self.figure("http_requests_total", route="/products", status="200")
        claim("50 requests: the counter of the route has grown by 50", after - before == 50)
        await self.until(
            "3 pieces were ordered, says the plugin orders through /metrics",
            lambda: self.figure("storefront_ordered_pieces_total"),
            3,
        )

    async def logged(self) -> None:
        await anyio.sleep(0.5)  # Lines are written in the background.
        lines = [
            json.loads(line)
            for file in sorted((self.folder / "log").iterdir())
            for line in file.read_text("utf-8").splitlines()
        ]
        ours = [line for line in lines if line.get("correlation_id") == "order-4711"]
        claim("the log is JSON, and has lines of order-4711", len(ours) > 0)
        server = [line for line in ours if "POST /orders" in line["message"]]
        claim("... the server's access line among them", len(server) > 0)
        audit = Counter(str(line.get("event")) for line in lines if line.get("audit"))
        wanted = {"user.login", "auth.issued", "auth.refused", "order.placed"}
        claim(f"the audit trail has {', '.join(sorted(wanted))}", wanted <= audit.keys())
        whole = json.dumps(lines)
        token = self.bearer["authorization"].split()[1]
        hidden = (self.password, token, token.split(".")[2], self.token)
        claim("no password, no token, no secret is in it", not any(one in whole for one in hidden))

    async def registered(self) -> None:
        for one in self.registries:
            await self.until(
                f"{one.name} has the storefront and the warehouse",
                partial(kept, one),
                {"storefront", "warehouse"},
            )
        await self.until("the storefront has found the warehouse", self.stock, "found")

    async def outlived(self) -> None:
        names = " and ".join(one.name for one in self.registries)
        for one in self.registries:
            one.kill()
        await self.until(
            f"{names} killed: the warehouse is still found, and marked stale", self.stock, "stale"
        )
        await anyio.sleep(2)
        for one in self.registries:
            await one.start(READY[one.name])
        await self.until(f"{names} back: the warehouse is found, fresh", self.stock, "found")
        for one in self.registries:
            await self.until(
                f"{one.name} has both services again",
                partial(kept, one),
                {"storefront", "warehouse"},
            )

    async def reloaded(self) -> None:
        for name in PLUGINS:
            told = await self.client.post(f"/plugins/{name}/reload", headers=self.operator)
            generation = told.json().get("generation")
            claim(f"{name} reloaded: generation {generation}", told.status_code == 200)
        order = {"product": "tea", "count": 1}
        await self.answers(201, "POST", "/orders", json=order, headers=self.bearer)
        claim("the token of before is still good", True)

    # How it looks -----------------------------------------------------------------------------

    async def load(self, answered: Counter[str], *, task_status: Any) -> None:
        """Ask without a pause, as six customers."""
        task_status.started()

        async def ask() -> None:
            while True:
                for path, expected in (("/products", 200), ("/stock", 200), ("/orders", 201)):
                    order = {"product": "tea", "count": 1}
                    sent: dict[str, Any] = {"json": order} if expected == 201 else {}
                    method = "POST" if sent else "GET"
                    try:
                        response = await self.client.request(
                            method, path, headers=self.bearer, **sent
                        )
                        well = response.status_code == expected
                        answered["well" if well else f"{path} {response.status_code}"] += 1
                    except httpx2.HTTPError as error:
                        answered[f"{path} {type(error).__name__}"] += 1

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(ask)

    async def status(self, method: str, path: str, **sent: Any) -> int:
        # The path as it is written: a client would tidy it up.
        url = httpx2.URL(self.shop.url).copy_with(raw_path=path.encode())
        return (await self.client.request(method, url, **sent)).status_code

    async def answers(self, status: int, method: str, path: str, **sent: Any) -> httpx2.Response:
        response = await self.client.request(method, path, **sent)
        if response.status_code != status:
            claim(f"{method} {path}: {status}, found {response.status_code} {response.text}", False)
        return response

    async def handshake(self, headers: dict[str, str]) -> str:
        url = self.shop.url.replace("http", "ws", 1)
        try:
            async with connect(f"{url}/orders/live", additional_headers=headers) as socket:
                return str(await socket.recv())
        except InvalidStatus as refused:
            return str(refused.response.status_code)

    async def figure(self, name: str, **labels: str) -> float:
        text = (await self.answers(200, "GET", "/metrics", headers=self.operator)).text
        rows = (line.rpartition(" ") for line in text.splitlines() if line.startswith(name))
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(row[2]) for row in rows if all(one in row[0] for one in wanted))

    async def stock(self) -> str:
        found = (await self.answers(200, "GET", "/stock")).json()
        return "nothing" if not found else "stale" if found[0].get("stale") else "found"

    async def until(self, text: str, look: Callable[[], Awaitable[object]], wanted: object) -> None:
        seen: object = None
        with anyio.move_on_after(20):
            while (seen := await look()) != wanted:
                await anyio.sleep(0.1)
        claim(text if seen == wanted else f"{text} (found {seen})", seen == wanted)


READY = {"etcd": "/health", "consul": "/v1/status/leader"}
"""Where a registry answers when it can be used."""


async def kept(one: Process) -> set[str]:
    """The services of ours that a registry has."""
    async with httpx2.AsyncClient(base_url=one.url) as client:
        if one.name == "consul":
            return {*(await client.get("/v1/catalog/services")).json()} - {"consul"}
        key = base64.b64encode(b"/marty/services/").decode()
        end = base64.b64encode(b"/marty/services0").decode()
        found = (await client.post("/v3/kv/range", json={"key": key, "range_end": end})).json()
        keys = [base64.b64decode(row["key"]).decode() for row in found.get("kvs", ())]
        return {key.split("/")[3] for key in keys}


def forgeries(token: str) -> dict[str, str]:
    """Tokens that look like the one that is good."""
    header, body, signature = token.split(".")

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return {
        "a token of somebody else": f"{header}.{part({**said, 'sub': 'eve'})}.{signature}",
        "a token that says it needs no signature": f"{part({'alg': 'none'})}.{body}.",
        "a token of 10 KB": f"{header}.{part({**said, 'more': 'x' * 10_000})}.{signature}",
        "garbage": secrets.token_urlsafe(40),
    }


def claim(text: str, so: bool) -> None:
    """Say it if it is so, or end."""
    if not so:
        sys.exit(f"NOT SO: {text}")
    print(f"  {text}", flush=True)


async def prove(customer: Customer) -> None:
    for one in customer.registries:
        await one.start(READY[one.name])
    await customer.warehouse.start("/health/live")
    await customer.shop.start("/health/ready")
    for act in (customer.authenticated, customer.traced, customer.metered, customer.logged):
        print(f"{act.__name__}:")
        await act()

    if customer.registries:
        print("registered:")
        await customer.registered()
    answered: Counter[str] = Counter()
    async with anyio.create_task_group() as group:
        await group.start(customer.load, answered)
        if customer.registries:
            print("under load, Consul and etcd die and come back:")
            await customer.outlived()
        print("under load, every plugin is reloaded:")
        await customer.reloaded()
        group.cancel_scope.cancel()
    well = answered.pop("well")
    print("the load:")
    claim(f"{sum(answered.values())} requests failed {dict(answered) or ''}".rstrip(), not answered)
    print(f"  ({well} were answered)", file=sys.stderr)

    await customer.client.aclose()
    code = customer.shop.end()
    print("stopped:")
    claim(f"exit code {code}", code == 0)
    for one in customer.registries:
        await customer.until(
            f"{one.name} has the warehouse alone",
            partial(kept, one),
            {"warehouse"},
        )


def main(consul: str | None, etcd: str | None) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as ended:
        folder = Path(name)
        shutil.copytree(HERE, folder, dirs_exist_ok=True)
        commands = {"consul": consul, "etcd": etcd}
        found = {one: registry(one, command, folder) for one, command in commands.items()}
        for one, process in found.items():
            if process is None:
                print(f"{one} is not installed: its claims are left out", file=sys.stderr)
            else:
                ended.enter_context(process)
        customer = Customer(folder, [process for process in found.values() if process])
        ended.enter_context(customer.shop)
        ended.enter_context(customer.warehouse)
        try:
            anyio.run(prove, customer)
        except SystemExit:
            print(customer.shop.said()[-4000:], file=sys.stderr)
            raise


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--consul", metavar="COMMAND", help="how to start Consul, with {port}")
    parser.add_argument("--etcd", metavar="COMMAND", help="how to start etcd, with {url}, {folder}")
    main(**vars(parser.parse_args()))

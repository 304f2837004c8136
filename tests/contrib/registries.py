"""Real registries for tests: what a service does there, seen by somebody else, and outages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx2
import pytest

from marty_chassis.contrib.consul import ConsulSettings

from ..programs import program
from .processes import Server, free_port, python

HERE = Path(__file__).parent
PLAIN: dict[str, Any] = {"trust_env": False, "verify": False}
"""For clients that speak with this machine."""
OURS = ("shop", "db", "mail")
"""What the ids of the services begin with that tests register."""


class Registry(ABC):
    """One registry, in a process of its own, at one port; whoever asks it here is not the plugin."""

    plugin: str
    """The plugin for it."""
    server: Server

    @abstractmethod
    def __init__(self, folder: Path, *arguments: str) -> None:
        """Files are kept in the folder; arguments are for its start."""

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url

    def section(self, **more: Any) -> dict[str, Any]:
        """A section for the plugin, in a hurry."""
        return {"address": self.url, "ttl": 1.5, "timeout": 1, "wait": 2, **more}

    def fresh(self) -> None:
        """See to it that it runs, and knows of nothing that a test has done."""
        if self.server.runs:
            self.server.resume()
            self.wipe()
        else:
            self.come(forgetting=True)

    def come(self, *, forgetting: bool = False) -> None:
        """Start it, with what it knew when it went or without."""
        if forgetting:
            self.forget()
        self.server.start()

    def go(self) -> None:
        """Kill it."""
        self.server.kill()

    def pause(self) -> None:
        """Have it take connections, and say nothing."""
        self.server.pause()

    def resume(self) -> None:
        """Have it go on."""
        self.server.resume()

    @abstractmethod
    def forget(self) -> None:
        """Lose what it knew; it does not run."""

    @abstractmethod
    def wipe(self) -> None:
        """Take out what tests have entered; it runs."""

    @abstractmethod
    async def found(self, name: str) -> dict[str, dict[str, Any]]:
        """All of a service, by id: `{"address", "port", "tags", "status"}`."""

    @abstractmethod
    async def enter(self, name: str, id: str, **more: Any) -> None:
        """Register a service that nobody here takes care of; more: as a `ServiceInfo` has it."""

    @abstractmethod
    async def remove(self, name: str, id: str) -> None:
        """Take a service out behind everybody's back."""

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Ask as somebody else would."""
        async with httpx2.AsyncClient(base_url=self.url, **PLAIN) as client:
            return await client.request(method, path, timeout=5, **more)


class ConsulApi(Registry):
    """What is the same for every agent."""

    plugin = "consul"
    token = ""
    """Of somebody who may do everything."""

    async def found(self, name: str) -> dict[str, dict[str, Any]]:
        rows = (await self._tell("GET", f"/v1/health/service/{name}")).json()
        return {row["Service"]["ID"]: _of_row(row) for row in rows}

    async def enter(self, name: str, id: str, **more: Any) -> None:
        body = {
            "Name": name,
            "ID": id,
            "Address": more.get("address", "10.0.0.1"),
            "Port": more.get("port", 80),
            "Tags": more.get("tags", []),
            "Meta": {"zone": more["zone"]} if "zone" in more else {},
            "Check": {"TTL": "1h", "Status": more.get("status", "passing")},
        }
        answer = await self._tell("PUT", "/v1/agent/service/register", json=body)
        assert answer.status_code == 200, answer.text

    async def remove(self, name: str, id: str) -> None:
        answer = await self._tell("PUT", f"/v1/agent/service/deregister/{id}")
        assert answer.status_code == 200, answer.text

    def wipe(self) -> None:
        headers = {"X-Consul-Token": self.token}
        with httpx2.Client(base_url=self.url, headers=headers, **PLAIN) as client:
            for id in client.get("/v1/agent/services").json():
                if id.startswith(OURS):
                    client.put(f"/v1/agent/service/deregister/{quote(id, safe='')}")

    async def _tell(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return await self.ask(method, path, headers={"X-Consul-Token": self.token}, **more)


class ConsulContract(ConsulApi):
    """The contract server of `consul/contract`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        if "--token" in arguments:
            self.token = arguments[arguments.index("--token") + 1]
        self._data, port = folder / "consul.json", free_port()
        command, environment = python(
            "contract", HERE / "consul", "--port", str(port), "--data", str(self._data), *arguments
        )
        self.server = Server(command, port, folder / "consul.log", environment)

    def forget(self) -> None:
        self._data.unlink(missing_ok=True)


class RealConsul(ConsulApi):
    """The agent at CONSUL_HTTP_ADDR, which is not ours to kill."""

    def __init__(self, _: Path, *arguments: str) -> None:
        if arguments:
            pytest.skip(f"a real agent is not started with {' '.join(arguments)}")
        self.settings = ConsulSettings()
        token = self.settings.token
        self.token = "" if token is None else token.get_secret_value()

    @property
    def url(self) -> str:
        return self.settings.address

    def fresh(self) -> None:
        self.wipe()

    def come(self, *, forgetting: bool = False) -> None:
        pass

    def go(self) -> None:
        pytest.skip("a real agent is not ours to kill")

    def pause(self) -> None:
        pytest.skip("a real agent is not ours to pause")

    def resume(self) -> None:
        pass

    def forget(self) -> None:
        pass

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return await super().ask(
            method, path, **{"headers": {"X-Consul-Token": self.token}, **more}
        )


Consul: type[ConsulApi] = RealConsul if os.environ.get("CONSUL_HTTP_ADDR") else ConsulContract
"""What stands for Consul in this run of the tests."""


def _of_row(row: dict[str, Any]) -> dict[str, Any]:
    statuses = [check["Status"] for check in row["Checks"]]
    worst = next((one for one in ("critical", "warning") if one in statuses), "passing")
    service = row["Service"]
    return {
        "address": service["Address"],
        "port": service["Port"],
        "tags": service["Tags"],
        "status": worst,
    }


class RealEtcd(Registry):
    """A real etcd, in a hurry: its leases may be as short as a second."""

    plugin = "etcd"
    prefix = "/marty/services"

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._data, port, peers = folder / "etcd", free_port(), free_port()
        self.log = folder / "etcd.log"
        url, peer_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
        command = [
            program("etcd"),
            f"--data-dir={self._data}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer_url}",
            f"--initial-advertise-peer-urls={peer_url}",
            f"--initial-cluster=default={peer_url}",
            "--heartbeat-interval=10",
            "--election-timeout=100",
            "--log-level=error",
            # Nobody pulls the plug here.
            "--unsafe-no-fsync" if _has("--unsafe-no-fsync") else "--logger=zap",
            *arguments,
        ]
        self.server = Server(command, port, self.log)

    def come(self, *, forgetting: bool = False) -> None:
        super().come(forgetting=forgetting)
        # It listens before it can answer; killed in between, it would not come back.
        httpx2.post(f"{self.url}/v3/kv/range", json={"key": "AA=="}, timeout=20, **PLAIN)

    def forget(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)

    def wipe(self) -> None:
        everything = {"key": coded("\0"), "range_end": coded("\0")}
        httpx2.post(f"{self.url}/v3/kv/deleterange", json=everything, **PLAIN)

    async def found(self, name: str) -> dict[str, dict[str, Any]]:
        path = f"{self.prefix}/{name}/"
        answer = await self.post(
            "/v3/kv/range", {"key": coded(path), "range_end": coded(f"{path[:-1]}0")}
        )
        values = [json.loads(b64decode(pair["value"])) for pair in answer.get("kvs", ())]
        return {
            value["id"]: {key: value.get(key) for key in ("address", "port", "tags", "status")}
            for value in values
        }

    async def enter(self, name: str, id: str, **more: Any) -> None:
        value = {"name": name, "id": id, "address": "10.0.0.1", "port": 80, **more}
        await self.put(f"{self.prefix}/{name}/{id}", json.dumps(value))

    async def remove(self, name: str, id: str) -> None:
        await self.post("/v3/kv/deleterange", {"key": coded(f"{self.prefix}/{name}/{id}")})

    async def put(self, key: str, value: str) -> None:
        """Put a key."""
        await self.post("/v3/kv/put", {"key": coded(key), "value": coded(value)})

    async def post(self, path: str, question: dict[str, Any]) -> Any:
        """Ask the gateway."""
        answer = await self.ask("POST", path, json=question)
        assert answer.status_code == 200, answer.text
        return answer.json()


def coded(text: str) -> str:
    """In base64."""
    return b64encode(text.encode()).decode()


def _has(option: str) -> bool:
    help = subprocess.run([program("etcd"), "--help"], capture_output=True, text=True, check=False)
    return option in help.stdout + help.stderr


async def until(holds: Callable[[], Any], seconds: float = 10) -> Any:
    """Give what this gives as soon as that is true; fails after so long."""
    found: Any = None
    with anyio.move_on_after(seconds):
        while True:
            found = holds()
            if hasattr(found, "__await__"):
                found = await found
            if found:
                return found
            await anyio.sleep(0.02)
    raise AssertionError(f"it did not come to that within {seconds} s; the last was {found!r}")

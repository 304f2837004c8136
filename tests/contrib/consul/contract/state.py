"""What the agent knows: services, checks and the index; time is told, so that tests can tell it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NODE = {"ID": "c0ffee00-0000-0000-0000-000000000001", "Node": "here", "Address": "127.0.0.1"}
OUTPUT = 4096
"""Bytes of a check's output that are kept."""
LEAST_REAPING = 60.0
REAPER = 30.0
"""Seconds between two looks for services that have been critical for too long."""

Row = dict[str, Any]


class State:
    """One node. Every change makes the index grow and wakes all who wait for one."""

    def __init__(
        self,
        *,
        index: int = 10,
        data: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.index = index
        self.leader = True
        self.services: dict[str, Row] = {}
        self.checks: dict[str, Row] = {}
        self._clock = clock
        self._data = data
        self._reaped = clock()
        self._changed = asyncio.Event()
        if data is not None and data.exists():
            kept = json.loads(data.read_text("utf-8"))
            self.index, self.services, self.checks = kept

    # Changing ---------------------------------------------------------------------------------

    def register(self, service: Row, checks: list[Row], *, replace: bool) -> None:
        """Enter a service with its checks; those it had stay, unless they are replaced."""
        id = service["ID"]
        if replace:
            for known in self.checks_of(id):
                del self.checks[known["CheckID"]]
        self.services[id] = service
        for check in checks:
            self._enter(check, id)
        self.touch()

    def add_check(self, check: Row) -> None:
        """Enter one check."""
        self._enter(check, check["ServiceID"])
        self.touch()

    def deregister(self, id: str) -> None:
        """Take out a service and its checks."""
        for known in self.checks_of(id):
            del self.checks[known["CheckID"]]
        del self.services[id]
        self.touch()

    def remove_check(self, id: str) -> None:
        """Take out one check."""
        del self.checks[id]
        self.touch()

    def update(self, id: str, status: str, output: str) -> None:
        """Hear from a check; its time begins anew."""
        check = self.checks[id]
        check["beaten"] = self._clock()
        data = output.encode()
        if len(data) > OUTPUT:
            cut = data[:OUTPUT].decode(errors="ignore")
            output = f"{cut} ... (captured {OUTPUT} of {len(data)} bytes)"
        self._set(check, status, output)

    def maintain(self, id: str, enable: bool, reason: str) -> None:
        """Put a service into maintenance, or out of it."""
        name = f"_service_maintenance:{id}"
        if enable:
            words = reason or (
                "Maintenance mode is enabled for this service, but no reason was provided. This is"
                " a default message."
            )
            check = {"CheckID": name, "Name": "Service Maintenance Mode", "Status": "critical"}
            self._enter({**check, "Notes": words, "Type": "maintenance"}, id)
        else:
            self.checks.pop(name, None)
        self.touch()

    def touch(self) -> None:
        """Something has changed."""
        self.index += 1
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self._data is not None:
            self._data.write_text(
                json.dumps([self.index, self.services, self.checks]), encoding="utf-8"
            )

    # Time -------------------------------------------------------------------------------------

    def pass_time(self) -> None:
        """Do what is due: TTLs that run out, services that have been critical for too long."""
        now = self._clock()
        for check in tuple(self.checks.values()):
            ttl = check.get("ttl")
            if ttl and check["Status"] != "critical" and now - check["beaten"] > ttl:
                last = check["Output"]
                follows = f" (last output before timeout follows): {last}" if last else ""
                self._set(check, "critical", f"TTL expired{follows}")
        if now - self._reaped >= REAPER:
            self._reaped = now
            for check in tuple(self.checks.values()):
                after = max(check.get("reap") or float("inf"), LEAST_REAPING)
                dead = check["Status"] == "critical" and now - check["critical"] > after
                if dead and check["ServiceID"] in self.services:
                    self.deregister(check["ServiceID"])

    async def change(self, index: int, seconds: float) -> None:
        """Wait until the index is beyond this one, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while self.index <= index:
                    await self._changed.wait()
        except TimeoutError:
            pass

    # Looking ----------------------------------------------------------------------------------

    def checks_of(self, id: str) -> list[Row]:
        """The checks of one service."""
        return [check for check in self.checks.values() if check["ServiceID"] == id]

    def health(self, id: str) -> str:
        """The worst of a service's checks."""
        found = {check["Status"] for check in self.checks_of(id)}
        return next((one for one in ("critical", "warning") if one in found), "passing")

    # ------------------------------------------------------------------------------------------

    def _enter(self, check: Row, service_id: str) -> None:
        now = self._clock()
        before = self.checks.get(check["CheckID"])
        status = check.get("Status") or (before["Status"] if before else "critical")
        service = self.services.get(service_id, {})
        self.checks[check["CheckID"]] = {
            "Node": NODE["Node"],
            "Notes": "",
            "Output": "",
            "Type": "ttl" if check.get("ttl") else "",
            **check,
            "Status": status,
            "ServiceID": service_id,
            "ServiceName": service.get("Service", ""),
            "ServiceTags": service.get("Tags", []),
            "beaten": now,
            "critical": now,
        }

    def _set(self, check: Row, status: str, output: str) -> None:
        changed = (check["Status"], check["Output"]) != (status, output)
        if status == "critical" and check["Status"] != "critical":
            check["critical"] = self._clock()
        check["Status"], check["Output"] = status, output
        if changed:
            self.touch()

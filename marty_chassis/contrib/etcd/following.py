"""One service in etcd, from a first look on: a watch tells of each change since."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio

from marty_chassis.contrib.registry import Away, Heard, Refused, Trouble
from marty_chassis.contrib.registry.http import Http, reading, trouble
from marty_chassis.contrib.registry.rate import Rate
from marty_hookspecs import ServiceInfo

from .entries import encoded, end_of, folder, service_of
from .settings import EtcdSettings

if TYPE_CHECKING:
    from loguru import Logger

PATH = "/v3/watch"


class Following:
    """The instances of one service, by their keys, as of one revision."""

    def __init__(
        self, http: Http, settings: EtcdSettings, name: str, heard: Heard, logger: Logger
    ) -> None:
        self._http = http
        self._timeout = settings.timeout
        self._wait = settings.wait
        self._name = name
        self._heard = heard
        self._logger = logger
        self._keys: dict[str, object] = {
            "key": encoded(path := folder(settings.prefix, name)),
            "range_end": end_of(path),
        }
        self._table: dict[str, ServiceInfo] = {}
        self._revision = 0
        """Of the last change that is in the table."""

    async def run(self) -> None:
        """Look, and listen; look again where what happened since is not to be had any more."""
        rate = Rate()
        while True:
            await rate.turn()
            await self._look()
            while await self._listen():
                pass

    async def _look(self) -> None:
        path = "/v3/kv/range"
        answer = await self._http.call("POST", path, json=self._keys)
        with reading(f"POST {path}"):
            found = answer.json()
            self._revision = int(found["header"]["revision"])
            self._table.clear()
            for pair in found.get("kvs", ()):
                self._enter(pair)
        self._tell()

    async def _listen(self) -> bool:
        """Hear of changes until there were none for a while; False when some cannot be had.

        A watch that is silent may be one whose other end has vanished: so it is not kept for long.
        """
        start = {**self._keys, "start_revision": str(self._revision + 1)}
        limit = anyio.CancelScope(deadline=anyio.current_time() + self._timeout)
        error: Trouble = Away(f"POST {PATH}: no answer in time")
        whole: bool | None = None
        with limit:
            async with self._http.stream(PATH, {"create_request": start}) as lines:
                async for line in lines:
                    if limit.cancel_called:
                        continue  # Until it waits, which is where it leaves.
                    limit.deadline = anyio.current_time() + self._wait
                    try:
                        with reading(f"POST {PATH}"):
                            whole = self._take(_result(line))
                    except Trouble as caught:
                        error, whole = caught, None
                    if whole:
                        self._tell()
                    else:
                        limit.cancel()
                if not limit.cancel_called:
                    raise Away(f"POST {PATH}: the answer has ended")
        if whole is None:
            raise error
        return whole

    def _take(self, result: Mapping[str, Any]) -> bool:
        """Take what a watch says; False when it has ended for want of the past."""
        if result.get("canceled"):
            if "compact_revision" in result:
                return False
            raise Refused(f"POST {PATH}: {result.get('cancel_reason', 'no reason given')}")
        if int(result["header"]["revision"]) < self._revision:
            return False
        for event in result.get("events", ()):
            pair = event["kv"]
            # Not the header's: what happened up to that one may not all have been told yet.
            self._revision = max(self._revision, int(pair["mod_revision"]))
            if event.get("type") == "DELETE":
                self._table.pop(pair["key"], None)
            else:
                self._enter(pair)
        return True

    def _enter(self, pair: Mapping[str, Any]) -> None:
        key = pair["key"]
        try:
            self._table[key] = service_of(self._name, pair.get("value", ""))
        except ValueError as error:
            self._table.pop(key, None)
            shown = b64decode(key).decode(errors="replace")
            self._logger.warning(f"etcd has no service at {shown}, which is left out: {error}")

    def _tell(self) -> None:
        self._heard(list(self._table.values()), self._revision)

    def __repr__(self) -> str:
        return f"<Following {self._name} as of {self._revision}>"


def _result(line: str) -> Mapping[str, Any]:
    said = json.loads(line)
    if "error" in said:
        error = said["error"]
        raise trouble(f"POST {PATH}", int(error["http_code"]), str(error["message"]))
    result: Mapping[str, Any] = said["result"]
    return result

"""A shop finds payments in etcd, and goes on while etcd is dead. Needs etcd (Debian: etcd-server).

Run it:
    python examples/etcd/service.py

Prints:
    the shop finds nobody
    payments is here
    the shop finds payments-1 at 10.0.0.8:8000
    etcd is killed
    the shop finds payments-1 at 10.0.0.8:8000, as last known
    etcd is back
    the shop finds payments-1 at 10.0.0.8:8000
    payments has left
    the shop finds nobody
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from contextlib import aclosing
from tempfile import TemporaryDirectory

import anyio

from marty_chassis import Chassis, ChassisConfig
from marty_hookspecs import ServiceInfo


async def main(folder: str) -> None:
    url, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = (
        f"etcd --data-dir={folder} --initial-cluster=default={peers} --initial-advertise-peer-urls={peers}"
        f" --listen-peer-urls={peers} --listen-client-urls={url} --advertise-client-urls={url}"
    )
    etcd = start(command)
    async with service("shop", url) as shop:
        # Looks ten times a second, and tells when something has changed.
        watch = shop.service_registry.watch({"name": "payments"}, every=0.1)
        async with aclosing(watch) as changes:
            print("the shop finds", said(await anext(changes)))
            async with service("payments", url):
                print("payments is here")
                print("the shop finds", said(await anext(changes)))
                etcd.kill()
                etcd.wait()
                print("etcd is killed")
                print("the shop finds", said(await anext(changes)))
                etcd = start(command)
                print("etcd is back")
                print("the shop finds", said(await anext(changes)))
            print("payments has left")
            print("the shop finds", said(await anext(changes)))
    etcd.kill()
    etcd.wait()


def service(name: str, etcd: str) -> Chassis:
    about = {"name": name, "instance_id": f"{name}-1", "advertise": "10.0.0.8:8000"}
    return Chassis(ChassisConfig(service=about, plugins={"etcd": {"address": etcd}}))


def said(found: list[ServiceInfo]) -> str:
    known = [
        f"{one['id']} at {one['address']}:{one['port']}{', as last known' if one['stale'] else ''}"
        for one in found
    ]
    return "; ".join(known) or "nobody"


def start(command: str) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command.split(), stdout=quiet, stderr=quiet)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    if shutil.which("etcd") is None:
        sys.exit("etcd is not installed: apt-get install etcd-server")
    with TemporaryDirectory() as folder:
        anyio.run(main, folder)

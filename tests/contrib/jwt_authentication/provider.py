"""A provider of keys: a real server, on this machine, that can be told to misbehave."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import anyio
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def published(*keys: Any, **more: Any) -> dict[str, Any]:
    """The set of the public halves of these keys, each with its name."""
    return {"keys": [{**key.as_dict(private=False), **more} for key in keys]}


class Provider:
    """What is published, at `/keys` and for OpenID Connect, and how often it was asked for."""

    def __init__(self, keys: dict[str, Any], port: int = 0, tls: Path | None = None) -> None:
        self.keys: Any = keys
        self.status = 200
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        """Instead of the keys."""
        self.delay = threading.Event()
        """Answers wait while it is clear."""
        self.delay.set()
        self.issuer: str | None = None
        """What the discovery document says it is, where that is a lie."""
        self.jwks_uri: str | None = None
        self.asked: list[str] = []
        self.port = port
        self._tls = tls

    @property
    def url(self) -> str:
        """Where it is."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        self.asked.append(scope["path"])
        while not self.delay.is_set():
            await anyio.sleep(0.002)
        document = self.keys
        tenant, found, _ = scope["path"].partition("/.well-known/openid-configuration")
        if found:
            document = {
                "issuer": self.issuer or f"{self.url}{tenant}",
                "jwks_uri": self.jwks_uri or f"{self.url}/keys",
            }
        body = json.dumps(document).encode() if self.body is None else self.body
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @contextmanager
    def serving(self) -> Iterator[Provider]:
        """Serve until this is left; a second time at the same address."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        config = uvicorn.Config(
            self,
            log_config=None,
            lifespan="off",
            ws="none",
            ssl_certfile=None if self._tls is None else self._tls / "server.pem",
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until = monotonic() + 5
        while not server.started and monotonic() < until:
            sleep(0.005)
        try:
            yield self
        finally:
            server.should_exit = server.force_exit = True
            thread.join(5)
            listening.close()


def make_certificates(folder: Path) -> Path:
    """Write `ca.pem`, and `server.pem` with the certificate and the key of 127.0.0.1."""
    authority, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's own authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> bytes:
        identifier = x509.SubjectKeyIdentifier.from_public_key
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(identifier(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
                critical=False,
            )
        )
        if ca:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            names = [x509.IPAddress(ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = builder.sign(authority, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.PEM)

    key = own.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "ca.pem").write_bytes(signed(issuer, authority, ca=True))
    (folder / "server.pem").write_bytes(signed(subject, own, ca=False) + key)
    ssl.create_default_context(cafile=folder / "ca.pem")
    return folder

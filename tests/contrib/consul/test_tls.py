"""Consul over TLS: whom to trust, and who we are."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from marty_chassis.contrib.consul import ConsulSettings
from marty_chassis.contrib.consul.agent import opened
from marty_chassis.contrib.registry import Away

from ..registries import ConsulContract

pytest.importorskip("cryptography")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey


class Authority:
    """One that signs certificates, all in a folder: `ca.pem`, and `<name>.pem` with its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("authority")
        self._write("ca", self._certificate(self._name, self._key, authority=True))

    def sign(self, name: str) -> Path:
        """Make a certificate for 127.0.0.1, and give the file with it and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(_named(name), key, authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._write(name, private + certificate)

    def _certificate(self, name: x509.Name, key: Key, *, authority: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        usage = x509.KeyUsage(
            *(True, False, False, False, False, authority, authority, False, False)
        )
        builder = (
            x509.CertificateBuilder(
                self._name,
                name,
                key.public_key(),
                x509.random_serial_number(),
                now - day,
                now + day,
            )
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(signer, critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
            )
        )
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def _write(self, name: str, data: bytes) -> Path:
        path = self._folder / f"{name}.pem"
        path.write_bytes(data)
        return path


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Any:
    """With certificates of an authority, and an agent that wants to see one."""
    path: Path = tmp_path_factory.mktemp("tls")
    authority = Authority(path)
    authority.sign("shop")
    server = authority.sign("server")
    agent = ConsulContract(path, "--cert", str(server), "--ca", str(path / "ca.pem"))
    agent.server.start()
    yield path, agent.server.port
    agent.go()


async def test_both_sides_show_certificates(folder) -> None:
    path, port = folder
    settings = ConsulSettings(
        address=f"https://127.0.0.1:{port}", ca_file=path / "ca.pem", cert_file=path / "shop.pem"
    )

    async with opened(settings) as consul:
        await consul.ping()


def test_a_key_that_wants_a_password_is_refused_and_nobody_is_asked(tmp_path) -> None:
    whole = Authority(tmp_path).sign("shop").read_bytes()
    key = serialization.load_pem_private_key(whole, None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    (tmp_path / "locked.pem").write_bytes(locked)

    with pytest.raises(ValidationError, match="cannot be used"):
        ConsulSettings(
            address="https://a", cert_file=tmp_path / "shop.pem", key_file=tmp_path / "locked.pem"
        )


@pytest.mark.parametrize(
    "files",
    [
        lambda path: {"ca_file": path / "ca.pem"},
        lambda path: {"cert_file": path / "shop.pem"},
        lambda path: {},
    ],
    ids=["no certificate of ours", "an authority that nobody knows", "neither"],
)
async def test_without_them_consul_is_away(folder, files: Callable[[Path], Any]) -> None:
    path, port = folder
    settings = ConsulSettings(address=f"https://127.0.0.1:{port}", **files(path))

    async with opened(settings) as consul:
        with pytest.raises(Away):
            await consul.ping()

"""What the sections of the registries have in common."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from marty_chassis.settings import SettingsModel


def _address(value: object) -> object:
    if not isinstance(value, str):
        return value
    address = value.strip()
    address = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    odd = not address.isprintable() or " " in address
    if odd or parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise PydanticCustomError(
            "address", "must be an address such as http://127.0.0.1:8500, or host:port"
        )
    if parts.username is not None or parts.password is not None:
        raise PydanticCustomError("address", "must not hold a user or a password")
    if parts.query or parts.fragment:
        raise PydanticCustomError("address", "must end before any `?` or `#`")
    return address.rstrip("/")


def _file(value: Path, info: ValidationInfo) -> Path:
    path = Path(getattr(info.context, "folder", "."), value)
    if not path.is_file():
        raise PydanticCustomError("file", "no such file: {path}", {"path": str(path)})
    return path


Url = Annotated[str, BeforeValidator(_address)]
"""`http://host:port` or `https://host:port`; http where only `host:port` is said."""

File = Annotated[Path, AfterValidator(_file)]
"""A file that is there; a relative path starts at the folder of the configuration file."""

Seconds = Annotated[float, Field(gt=0, le=86400)]


class RegistrySettings(SettingsModel):
    """How services are kept in a registry, and how others are looked for there."""

    address: Url
    """where the registry is: `http://host:port`, or `https://host:port`"""
    tags: tuple[str, ...] = ()
    """words that each service of this process gets in the registry, besides its own"""
    ttl: Seconds = 30.0
    """seconds without a heartbeat after which a service counts as dead; one is sent every third"""
    timeout: Seconds = 5.0
    """seconds to wait for the answer to a call"""
    leave_timeout: float = Field(default=4.0, gt=0, le=4.5)
    """seconds that a service which leaves may take to be taken out, all calls together"""
    first_answer: float = Field(default=2.0, ge=0, le=4.5)
    """seconds that the first to look for a service waits for the registry's answer"""
    wait: float = Field(default=60.0, gt=0, le=600)
    """seconds that a watch of one service waits for news before it asks anew"""
    idle: Seconds = 300.0
    """seconds after which a service that nobody looks for is not watched any more"""
    ca_file: File | None = None
    """a file with the certificates that are trusted, instead of the system's"""
    cert_file: File | None = None
    """a file with the certificate that this service shows"""
    key_file: File | None = None
    """a file with the key of `cert_file`, where that does not hold it"""

    @model_validator(mode="after")
    def _files_fit(self) -> Self:
        if self.key_file is not None and self.cert_file is None:
            raise PydanticCustomError("tls", "key_file is the key of a cert_file, which is missing")
        try:
            self.tls()
        except OSError as error:
            words = "ca_file, cert_file or key_file cannot be used: {why}"
            raise PydanticCustomError("tls", words, {"why": str(error)}) from None
        return self

    def tls(self) -> ssl.SSLContext | None:
        """Whom to trust, and what to show; None for the usual."""
        if self.ca_file is None and self.cert_file is None:
            return None
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.cert_file is not None:
            # With a password, though a wrong one, nobody is asked for it at the terminal.
            context.load_cert_chain(self.cert_file, self.key_file, password="")
        return context

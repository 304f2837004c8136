"""What to try, as lines for a shell: whoever has started a service is told how to meet it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from .token import OperatorToken


@dataclass(frozen=True, slots=True)
class Address:
    """Where the service is reached from this machine."""

    host: str
    port: int

    def __str__(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


_OPEN = (
    ("-i", "/hello/ada", "request-timing adds X-Correlation-ID and X-Processing-Time"),
    ("", "/", "the service in its own registry; service-tagger has tagged it"),
    ("-N", "/stream", "a stream passes through the plugins line by line"),
    ("", "/health/ready", "for whoever balances the load"),
)
_WITH_TOKEN = (
    ("", "/plugins/status", "which plugins there are, and how they are"),
    ("", "/plugins/disk-health/health", "what disk-health says"),
    ("", "/plugins/metrics", "what request-metrics counts, and what is always counted"),
    ("", "/extension-points", "who is called where, in which order, and why"),
    ("-X POST", "/plugins/request-timing/reload", "change its file first, or break it"),
    ("-X POST", "/plugins/request-timing/disable", "the headers are gone, the service runs on"),
    ("-X POST", "/plugins/request-timing/enable", "and they are back"),
)


def demo_invitation(folder: Path, address: Address, token: OperatorToken) -> str:
    """Give what `marty demo` says when the service serves."""
    lines = [
        "",
        click.style(f"The demo serves at {address}/", bold=True),
        f"Its configuration, its plugins and its routes are in {folder}.",
        "",
        "Try, in another terminal:",
        *_curls(_OPEN, address, ""),
        "",
        "With the operator's token:",
        *_curls(_WITH_TOKEN, address, f"{token.header} "),
        *(["", token.remark] if token.remark else []),
        "",
        f"Ctrl-C ends it. To run it again: cd {folder} && marty dev app:app",
        "",
    ]
    return "\n".join(lines)


def dev_invitation(
    address: Address, managed_at: str | None, token: OperatorToken, *, watched: bool
) -> str:
    """Give what `marty dev` says; `managed_at` is None where nothing manages the plugins."""
    lines = ["", click.style(f"Serves at {address}/", bold=True)]
    if managed_at is not None:
        lines.append(f"  curl {token.header} {managed_at}/plugins/status")
        lines += [token.remark] if token.remark else []
    if watched:
        lines.append(
            "Plugins and their configuration are watched: save, and the service has the change."
        )
    change = "a change of the application itself" if watched else "any change"
    lines += [f"After {change}, press Ctrl-C and start it again.", ""]
    return "\n".join(lines)


def _curls(tries: Sequence[tuple[str, str, str]], address: Address, header: str) -> list[str]:
    found: list[str] = []
    for options, path, why in tries:
        line = " ".join(filter(None, ("  curl", options, f"{header}{address}{path}")))
        found.append(click.style(f"  # {why}", dim=True))
        found.append(line)
    return found

"""The figures of requests, as Prometheus has them. Needs `prometheus_client`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram, Summary

OTHER: Final = "OTHER"
"""For a method that nobody has heard of, and for a route beyond the last one that is counted."""

METHODS: Final = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
ROUTES: Final = 1000
"""How many routes are told apart; an application has fewer, unless something makes them up."""


class Requests:
    """What is told of requests and websockets, counted; telling raises nothing.

    kept: the state of an earlier run. Its collectors are used on: what they have counted stays, and
    what is still under way there is counted in them. Only a histogram whose buckets have changed
    begins anew.
    """

    def __init__(self, buckets: Sequence[float], kept: Mapping[str, Any] | None = None) -> None:
        self.state: dict[str, Any] = {"buckets": tuple(buckets)}
        """The collectors by name, and the buckets."""
        kept = dict(kept or {})
        if kept.get("buckets") != self.state["buckets"]:
            kept.pop("http_request_duration_seconds", None)

        def made(kind: Any, name: str, help: str, *labels: str, **more: Any) -> Any:
            known = kept.get(name)
            self.state[name] = known or kind(name, help, labels, registry=None, **more)
            return self.state[name]

        self._total = made(
            Counter,
            "http_requests_total",
            "Requests whose response has ended.",
            "method",
            "route",
            "status",
        )
        self._seconds = made(
            Histogram,
            "http_request_duration_seconds",
            "How long it took from a request to the end of its response.",
            "method",
            "route",
            buckets=buckets,
        )
        self._came = made(
            Summary,
            "http_request_size_bytes",
            "How much of the body of a request was read.",
            "method",
            "route",
        )
        self._went = made(
            Summary,
            "http_response_size_bytes",
            "How much body a response had.",
            "method",
            "route",
        )
        self._now = made(
            Gauge, "http_requests_in_progress", "Requests whose response has not ended.", "method"
        )
        self._sockets = made(
            Counter,
            "websocket_connections_total",
            "Websockets that have ended.",
            "route",
            "outcome",
        )
        self._open = made(Gauge, "websocket_connections_open", "Websockets that are open.")
        # Looked up once: `labels` costs as much as what it gives.
        self._under_way: dict[str, Any] = {}
        self._children: dict[tuple[str, str, int | None], tuple[Any, ...]] = {}
        self._routes: set[str] = set()

    @property
    def collectors(self) -> list[Any]:
        """All of them, for a registry."""
        return [one for name, one in self.state.items() if name != "buckets"]

    def request_began(self, method: str) -> None:
        """A request is being served."""
        by = _known(method)
        if by not in self._under_way:
            self._under_way[by] = self._now.labels(by)
        self._under_way[by].inc()

    def request_ended(
        self, method: str, route: str, status: int | None, seconds: float, came: int, went: int
    ) -> None:
        """Its response has ended, or was broken off; `None` where none had begun."""
        key = (method, route, status)
        children = self._children.get(key) or self._told_apart(*key)
        now, total, lasted, request, response = children
        now.dec()
        total.inc()
        lasted.observe(seconds)
        request.observe(came)
        response.observe(went)

    def socket_opened(self) -> None:
        """A websocket was accepted."""
        self._open.inc()

    def socket_ended(self, route: str, accepted: bool) -> None:
        """It has been closed, or refused."""
        if accepted:
            self._open.dec()
        self._sockets.labels(self._route(route), "accepted" if accepted else "refused").inc()

    def _told_apart(self, method: str, route: str, status: int | None) -> tuple[Any, ...]:
        """The figures of these labels; kept only where there is an end to how many there can be."""
        by, at = _known(method), self._route(route)
        children = (
            self._under_way[by],
            self._total.labels(by, at, _in_words(status)),
            self._seconds.labels(by, at),
            self._came.labels(by, at),
            self._went.labels(by, at),
        )
        if (by, at) == (method, route):
            self._children[method, route, status] = children
        return children

    def _route(self, route: str) -> str:
        if route not in self._routes:
            if len(self._routes) >= ROUTES:
                return OTHER
            self._routes.add(route)
        return route

    def __repr__(self) -> str:
        return f"<Requests of {len(self._routes)} routes>"


def _known(method: str) -> str:
    return method if method in METHODS else OTHER


def _in_words(status: int | None) -> str:
    """The status; `none` where the client left before there was one, `OTHER` for what is none."""
    if status is None:
        return "none"
    return str(status) if 100 <= status <= 599 else OTHER

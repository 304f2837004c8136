"""What a request brings, and what the application gets of it: ids, and the headers with them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from . import span
from .settings import RequestTracingSettings
from .traceparent import NAME, STATE, Traceparent

Headers = list[tuple[bytes, bytes]]

_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request or websocket."""

    correlation_id: str
    trace_id: str | span.SpanTraceId
    """Empty when nobody knows of a trace."""
    headers: Headers
    """What the application gets."""

    @property
    def of_lines(self) -> dict[str, object]:
        """What each log line of the request has."""
        if self.trace_id == "":
            return {"correlation_id": self.correlation_id}
        return {"correlation_id": self.correlation_id, "trace_id": self.trace_id}


class Arrivals:
    """Reads headers by the rules of one section of the configuration."""

    def __init__(self, settings: RequestTracingSettings) -> None:
        self._settings = settings
        self.header = (settings.correlation_header or "").lower().encode()
        """The one with the correlation id; empty for none."""

    def of(self, given: Iterable[tuple[bytes, bytes]]) -> Arrival:
        """Give the ids of a request: what the client sent where that can be used, else new ones."""
        ids: Headers = []
        parents: Headers = []
        states: Headers = []
        others: Headers = []
        kinds = {self.header: ids, NAME: parents, STATE: states}
        for header in given:  # whose names are in lower case, as ASGI has it
            kinds.get(header[0], others).append(header)
        correlation_id = self._correlation_id(ids)
        if self.header:
            others.append((self.header, correlation_id.encode()))
        trace_id, about_it = self._trace(parents, states)
        return Arrival(correlation_id, trace_id, others + about_it)

    def _trace(self, parents: Headers, states: Headers) -> tuple[str | span.SpanTraceId, Headers]:
        """Which trace it belongs to, and what the application gets of that."""
        sent, now = self._sent(parents), span.current()
        configured = now is not None or span.is_configured()
        parent: Traceparent | None
        if now is not None:
            parent, passed = now, [now.header()]
        elif configured:
            # The span that is begun inside has the client's for its parent, not one that nobody
            # keeps; and whether a trace without a parent is sampled is not for us to say.
            parent, passed = sent, parents if sent else []
        else:
            parent = sent.continued() if sent else Traceparent.begun()
            passed = [parent.header()]
        if not self._settings.traceparent:
            parent, passed = now or sent, parents + states
        elif sent and parent and sent.trace_id == parent.trace_id:
            passed = passed + states
        trace_id = parent.trace_id if parent else ""
        return span.SpanTraceId(trace_id) if configured else trace_id, passed

    def _correlation_id(self, sent: Headers) -> str:
        if self._settings.trust_incoming and len(sent) == 1 and _ID.fullmatch(sent[0][1]):
            return sent[0][1].decode()
        return str(uuid.uuid4())

    def _sent(self, parents: Headers) -> Traceparent | None:
        if self._settings.trust_incoming and len(parents) == 1:
            return Traceparent.read(parents[0][1])
        return None

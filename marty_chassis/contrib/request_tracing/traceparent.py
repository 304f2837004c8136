"""The header `traceparent`, as the W3C recommendation "Trace Context" writes it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import Final

NAME: Final = b"traceparent"
STATE: Final = b"tracestate"
"""The header that means something only beside a valid `traceparent`."""

_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_SAMPLED, _RANDOM = 1, 2


@dataclass(frozen=True, slots=True)
class Traceparent:
    """Which trace a request belongs to, and which part of it has sent it. Lower-case hex."""

    trace_id: str
    parent_id: str
    flags: int = _SAMPLED
    """Of version 00: 1 for sampled, 2 for a trace id that is random."""

    @classmethod
    def read(cls, value: bytes) -> Traceparent | None:
        """Give what a header says; None for one that must be ignored.

        Of a version to come it reads what it knows, and what is added at the end is dropped.
        """
        found = _FORM.fullmatch(value)
        if found is None:
            return None
        version, trace_id, parent_id, flags, more = found.groups()
        known = version != b"ff" and (version != b"00" or more is None)
        if not known or not trace_id.strip(b"0") or not parent_id.strip(b"0"):
            return None
        return cls(trace_id.decode(), parent_id.decode(), int(flags, 16) & (_SAMPLED | _RANDOM))

    @classmethod
    def begun(cls) -> Traceparent:
        """Begin a trace.

        It says "sampled": we keep nothing ourselves, and whoever would keep it later, and follows
        what its caller says, would otherwise keep nothing either.
        """
        return cls(secrets.token_hex(16), secrets.token_hex(8), _SAMPLED | _RANDOM)

    def continued(self) -> Traceparent:
        """Give the same trace with us as the sender."""
        return replace(self, parent_id=secrets.token_hex(8))

    def header(self) -> tuple[bytes, bytes]:
        """Give the header, as version 00."""
        return NAME, f"00-{self.trace_id}-{self.parent_id}-{self.flags:02x}".encode()

"""What workers say to each other: small JSON documents, checked before anybody looks at them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

VERSION: Final = 1
LIMIT: Final = 64 * 1024
"""Bytes of one message."""
_REASON: Final = 2000
"""Characters of a reason that are sent."""
_ROWS: Final = 200
"""Plugins in one message of a state."""

Action = Literal["reload", "enable", "disable"]
Name = Annotated[str, Field(max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class WorkerResult(_Frozen):
    """What became of an order in one worker."""

    pid: int
    ok: bool
    """Whether it is as it was ordered."""
    generation: int | None = None
    """Which run of the plugin this is; null where nothing is known."""
    sha256: str | None = None
    """The digest of the source that runs; null for what is not of files."""
    rolled_back: bool = False
    """Whether the one before serves on because the new one failed."""
    reason: str = ""
    """Why it is not as it was ordered."""
    duration_ms: float = 0.0


class Standing(_Frozen):
    """How one plugin stands in a worker."""

    generation: int
    started: bool = True
    required: bool = False
    sha256: str | None = None
    disabled: bool | None = None
    """Whether it was disabled or enabled at run time; null where the configuration decides."""


class _Message(_Frozen):
    v: Literal[1] = VERSION
    id: str = Field(min_length=1, max_length=64)
    """The order or the question, and all answers to it."""
    pid: int
    """Who says it."""


class Order(_Message):
    """Do what I have done."""

    kind: Literal["order"] = "order"
    number: int = Field(ge=1)
    """Orders are counted over all workers, so that who has missed one knows."""
    action: Action
    plugin: Name
    force: bool = False
    seconds: float = Field(default=10.0, gt=0, le=3600)
    """How long the one who asks waits."""


class Result(_Message):
    """This is what became of your order here."""

    kind: Literal["result"] = "result"
    result: WorkerResult


class Hello(_Message):
    """Tell me how you stand."""

    kind: Literal["hello"] = "hello"


class State(_Message):
    """How I stand; a long state has several parts."""

    kind: Literal["state"] = "state"
    number: int = Field(ge=0)
    """The last order that has been carried out here."""
    part: int = Field(ge=0)
    parts: int = Field(ge=1, le=1000)
    plugins: dict[Name, Standing]


class WriteDown(_Message):
    """Write down what you have for the others."""

    kind: Literal["write-down"] = "write-down"


class Written(_Message):
    """I have written it down."""

    kind: Literal["written"] = "written"


Message = Order | Result | Hello | State | WriteDown | Written

_ANY: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])


def encode(message: Message) -> bytes:
    """Give the bytes; raises `ValueError` for more than `LIMIT`."""
    data = message.model_dump_json().encode(errors="backslashreplace")
    if len(data) > LIMIT:
        raise ValueError(f"a message of {len(data)} bytes, {LIMIT} are the most")
    return data


def decode(data: bytes) -> Message | None:
    """Give the message; None for what is none, or of a version that we do not speak."""
    try:
        return _ANY.validate_json(data)
    except ValidationError:
        return None


def words(reason: str) -> str:
    """Give a plugin's own words as they can be sent: not too long, and UTF-8."""
    return reason[:_REASON].encode(errors="backslashreplace").decode()


def states(id: str, pid: int, number: int, plugins: dict[str, Standing]) -> list[State]:
    """Give a state in as many messages as it takes."""
    rows = list(plugins.items())
    parts = [dict(rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS)] or [{}]
    return [
        State(id=id, pid=pid, number=number, part=part, parts=len(parts), plugins=plugins)
        for part, plugins in enumerate(parts)
    ]

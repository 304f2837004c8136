"""One instance of a service, as a registry elsewhere tells of it."""

from __future__ import annotations

from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from marty_hookspecs import ServiceInfo

Status = Literal["passing", "warning", "critical", "unknown"]
Text = Annotated[str, StringConstraints(min_length=1)]


class Instance(BaseModel):
    """What is read from elsewhere and makes sense; unknown keys are left out.

    Raises pydantic's `ValidationError` for what makes none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: Text
    id: Text
    address: Text | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    scheme: Text | None = None
    version: str | None = None
    tags: list[Text] = []
    meta: dict[str, str] = {}
    status: Status = "passing"
    weight: int = Field(default=1, ge=0)
    zone: Text | None = None

    def service(self) -> ServiceInfo:
        """The same in the words of the contract."""
        return cast(ServiceInfo, self.model_dump(exclude_none=True))

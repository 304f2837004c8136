"""Keys of a plugin's section that its model leaves alone without a word: misspelt ones, mostly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydantic import BaseModel

from marty_chassis.errors import Problem, did_you_mean
from marty_chassis.settings.places import Path, dotted

__all__ = ["unused"]


def unused(
    section: Mapping[str, object], model: object, path: Path, origin: Callable[[Path], str]
) -> Iterator[Problem]:
    """Give a warning for each key of the section that a pydantic model does not know.

    A model that says itself what becomes of other keys (`extra`), and one whose names are more than
    words (`AliasPath`, `AliasChoices`), is believed.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    if model.model_config.get("extra") is not None:
        return
    known: list[str] = []
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if alias is not None and not isinstance(alias, str):
            return
        known.append(name if alias is None else alias)
        known.append(name)
    for key in section:
        if key not in known:
            yield Problem(
                dotted((*path, key)),
                "the plugin's model has no such key, so it changes nothing",
                origin((*path, key)),
                did_you_mean(key, known).strip(),
                "warning",
            )

"""Installed plugins: what distributions name in the entry point group `marty.plugins`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from marty_chassis.discovery.candidate import Source
from marty_chassis.discovery.references import Reference
from marty_chassis.errors import Problem

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

GROUP: Final = "marty.plugins"
SWITCH: Final = "MARTY_DISABLE_PLUGIN_AUTOLOAD"
"""The variable that turns entry points off; any value but an empty one, 0, false, no and off."""

_BROKEN: Final = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""What `importlib.metadata` raises for files that are not what they should be."""


def switched_off(environ: Mapping[str, str]) -> bool:
    """Whether the environment turns entry points off."""
    return environ.get(SWITCH, "").strip().lower() not in ("", "0", "false", "no", "off")


def installed(problems: list[Problem]) -> list[Reference]:
    """Give every entry point of the group, by name; nothing of a plugin is imported.

    Of a distribution that is there more than once, the one that Python finds first counts. One
    whose entry points cannot be read is a problem and stops nobody else.
    """
    from importlib.metadata import distributions

    # What was installed a moment ago must be seen.
    invalidate_caches()
    found: dict[tuple[str, str, str], Reference] = {}
    seen: set[str] = set()
    for distribution in distributions():
        try:
            points = _points(distribution)
            if not points:
                continue
            name, version = _said(distribution, "Name"), _said(distribution, "Version")
            if canonicalize_name(name) in seen or _is_shadowed(distribution, name):
                continue
        except _BROKEN as error:
            problems.append(_unreadable(distribution, error))
            continue
        seen.add(canonicalize_name(name))
        for point in points:
            texts = tuple(_texts(point, distribution))
            found[point.name, name, point.value] = _reference(point, name, version, texts)
    return [found[key] for key in sorted(found)]


def _points(distribution: Distribution) -> list[EntryPoint]:
    # Most distributions have no such group, and what is wrong with their files is not our affair.
    if GROUP not in (distribution.read_text("entry_points.txt") or ""):
        return []
    return list(distribution.entry_points.select(group=GROUP))


def _said(distribution: Distribution, field: str) -> str:
    """One field of its metadata; raises `LookupError` where it has none."""
    # Asked with [], a missing field is None, a warning or an error, as Python's version has it.
    values = distribution.metadata.get_all(field)
    if not values:
        raise LookupError(f"its metadata has no {field}")
    return str(values[0])


def _is_shadowed(distribution: Distribution, name: str) -> bool:
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import distribution as first_of

    try:
        first = first_of(name)
    except PackageNotFoundError:  # its folder has another name than it says
        return False
    return Path(str(first.locate_file(""))) != Path(str(distribution.locate_file("")))


def _reference(point: EntryPoint, name: str, version: str, texts: tuple[Path, ...]) -> Reference:
    return Reference(
        source=Source("entry point", f"{name}:{point.name}", name, version),
        name=point.name,
        # Extras were another way to say what a plugin needs; nobody installs by them any more.
        value=point.value.partition("[")[0].strip(),
        texts=texts,
    )


def _texts(point: EntryPoint, distribution: Distribution) -> Iterable[Path]:
    """Where the source of its module would be."""
    base = point.value.partition(":")[0].partition("[")[0].strip().replace(".", "/")
    for end in (".py", "/__init__.py"):
        yield Path(str(distribution.locate_file(base + end)))


def _unreadable(distribution: Distribution, error: Exception) -> Problem:
    try:
        name = _said(distribution, "Name")
    except _BROKEN:
        name = "a distribution"
    return Problem(
        path="",
        message=f"the entry points of {name} cannot be read: {type(error).__name__}: {error}",
        place=str(distribution.locate_file("")),
        hint="Install it again; its plugins are not known.",
    )

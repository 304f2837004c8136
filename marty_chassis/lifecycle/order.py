"""Dependencies to order: who waits for whom, what is missing, and cycles with their path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from packaging.requirements import InvalidRequirement as _Unreadable
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from marty_chassis.errors import DependencyCycle, InvalidRequirement
from marty_chassis.settings.names import folded
from marty_hookspecs import PluginMetadata


@dataclass(frozen=True, slots=True)
class Need:
    """One dependency of one plugin, and who can meet it."""

    written: str
    """As the plugin says it: `metrics>=1.2`."""
    name: str
    met_by: tuple[str, ...]
    """Plugins that have the name or provide it, in a version that fits; any one will do."""
    unfit: tuple[str, ...] = ()
    """Those in a version that does not fit: `metrics 1.0`."""
    optional: bool = False

    def __str__(self) -> str:
        """Why nobody meets it, in words."""
        if self.unfit:
            return f"{self.written!r}, but finds {', '.join(self.unfit)}"
        return f"{self.written!r}, which no plugin here is or provides"


@dataclass(frozen=True)
class Order:
    """What each plugin needs, and the order of starting that follows."""

    needs: Mapping[str, tuple[Need, ...]]
    """By plugin."""
    cycles: Mapping[str, DependencyCycle] = field(default_factory=dict)
    """By plugin, for those that wait for themselves; they are left out of the levels."""

    def before(self, name: str) -> frozenset[str]:
        """The plugins that are started before this one, optional dependencies included."""
        return self._before[name]

    def after(self, name: str) -> frozenset[str]:
        """The plugins that are started after this one."""
        return self._after[name]

    @cached_property
    def _before(self) -> dict[str, frozenset[str]]:
        return {
            name: frozenset(other for need in these for other in need.met_by)
            for name, these in self.needs.items()
        }

    @cached_property
    def _after(self) -> dict[str, frozenset[str]]:
        after: dict[str, set[str]] = {name: set() for name in self.needs}
        for name, others in self._before.items():
            for other in others:
                after[other].add(name)
        return {name: frozenset(others) for name, others in after.items()}

    def below(self, name: str) -> set[str]:
        """The plugin and all that it stands on, however indirectly."""
        return _closure(name, self.before)

    def above(self, name: str) -> set[str]:
        """The plugin and all that stand on it, however indirectly."""
        return _closure(name, self.after)

    @cached_property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """Plugins that may start together, one level after the other; all missing ones count."""
        free = {
            name: self.before(name) - self.cycles.keys()
            for name in self.needs
            if name not in self.cycles
        }
        return tuple(_levels(free))

    @cached_property
    def sequence(self) -> tuple[str, ...]:
        """All plugins in the order of starting; those in a cycle stand at the end."""
        return (*(name for level in self.levels for name in level), *sorted(self.cycles))

    def __repr__(self) -> str:
        return f"<Order {' | '.join(' '.join(level) for level in self.levels)}>"


def ordered(plugins: Mapping[str, PluginMetadata]) -> Order:
    """Find who needs whom. Names are folded already; raises `InvalidRequirement`."""
    offers = _offers(plugins)
    needs = {name: tuple(_needs(name, metadata, offers)) for name, metadata in plugins.items()}
    cycles: dict[str, DependencyCycle] = {}
    while (cycle := _cycle(needs, cycles)) is not None:
        cycles.update(dict.fromkeys(cycle, DependencyCycle(cycle)))
    return Order(dict(_without_vain_wishes(needs, cycles)), cycles)


def check_requirements(plugin: str, metadata: PluginMetadata) -> None:
    """Raise `InvalidRequirement` for a dependency or a capability that cannot be read."""
    for written in (*metadata.dependencies, *metadata.optional_dependencies, *metadata.provides):
        _read(plugin, written)


def _needs(
    plugin: str, metadata: PluginMetadata, offers: Mapping[str, Mapping[str, str]]
) -> Iterator[Need]:
    groups = ((metadata.dependencies, False), (metadata.optional_dependencies, True))
    for written, optional in ((w, optional) for group, optional in groups for w in group):
        name, versions = _read(plugin, written)
        # Who needs what he provides himself needs it from another.
        there = {who: v for who, v in offers.get(name, {}).items() if who != plugin}
        fit = [who for who, version in there.items() if _fits(versions, version)]
        unfit = [f"{who} {version}" for who, version in there.items() if who not in fit]
        yield Need(written, name, tuple(sorted(fit)), tuple(sorted(unfit)), optional)


def _offers(plugins: Mapping[str, PluginMetadata]) -> dict[str, dict[str, str]]:
    """Versions by plugin, by the name that can be depended on: its own, and each capability."""
    offers: dict[str, dict[str, str]] = {}
    for plugin, metadata in plugins.items():
        for written in metadata.provides:
            name, versions = _read(plugin, written)
            exact = [one.version for one in versions if one.operator == "=="]
            offers.setdefault(name, {})[plugin] = exact[0] if exact else metadata.version
        offers.setdefault(plugin, {})[plugin] = metadata.version
    return offers


def _read(plugin: str, written: str) -> tuple[str, SpecifierSet]:
    try:
        requirement = Requirement(written)
    except _Unreadable:
        raise InvalidRequirement(plugin, written) from None
    if requirement.url or requirement.marker or requirement.extras:
        raise InvalidRequirement(plugin, written)
    return folded(requirement.name), requirement.specifier


def _fits(versions: SpecifierSet, version: str) -> bool:
    if not versions:
        return True
    try:
        return versions.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _cycle(
    needs: Mapping[str, Sequence[Need]], known: Mapping[str, object]
) -> tuple[str, ...] | None:
    """The next cycle that is not known, each plugin followed by one that it needs."""
    graph = {
        name: {other for need in these if not need.optional for other in need.met_by} - known.keys()
        for name, these in needs.items()
        if name not in known
    }
    found = _cycle_of(graph)
    if found is None:
        return None
    # graphlib gives it from the dependency to those that need it, and closed.
    ring = list(reversed(found[:-1]))
    first = ring.index(min(ring))
    ring = ring[first:] + ring[:first]
    return (*ring, ring[0])


def _cycle_of(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return None


def _without_vain_wishes(
    needs: Mapping[str, tuple[Need, ...]], cycles: Mapping[str, object]
) -> Iterator[tuple[str, tuple[Need, ...]]]:
    """Drop each optional dependency that would make a plugin wait for itself."""
    graph = {
        name: {other for need in these if not need.optional for other in need.met_by}
        for name, these in needs.items()
        if name not in cycles
    }
    for name in sorted(needs):
        kept: list[Need] = []
        for need in needs[name]:
            if need.optional and name in graph:
                before = graph[name]
                graph[name] = before | set(need.met_by)
                if _cycle_of(graph) is not None:
                    graph[name] = before
                    continue
            kept.append(need)
        yield name, tuple(kept)


def _levels(graph: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        yield tuple(sorted(ready))
        sorter.done(*ready)


def _closure(name: str, step: Callable[[str], Iterable[str]]) -> set[str]:
    found, todo = {name}, [name]
    while todo:
        new = set(step(todo.pop())) - found
        found |= new
        todo += new
    return found

"""All that is known about one plugin, as data and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from marty_chassis.settings import redacted

from .loading import Plugin, Plugins


def row(plugin: Plugin) -> dict[str, Any]:
    """Give what a listing has of it."""
    return {
        "name": plugin.name,
        "version": plugin.candidate.metadata.version,
        "state": plugin.outlook,
        "source": str(plugin.candidate.source),
        "kind": plugin.candidate.source.kind,
        "description": plugin.candidate.metadata.description,
        "problem": plugin.reason,
        "problems": [
            {
                "severity": one.severity,
                "place": one.place,
                "path": one.path,
                "message": one.message,
                "hint": one.hint,
            }
            for one in plugin.problems
        ],
    }


def details(plugin: Plugin, plugins: Plugins) -> dict[str, Any]:
    """Give it as data; secrets of its configuration are masked."""
    candidate, config = plugin.candidate, plugins.config
    metadata = asdict(candidate.metadata)
    schema = candidate.metadata.config_schema
    metadata["config_schema"] = None if schema is None else schema.__qualname__
    settings = config.plugins.settings_of(plugin.name)
    return {
        **metadata,
        "state": plugin.outlook,
        "problem": plugin.reason,
        "source": str(candidate.source),
        "kind": candidate.source.kind,
        "distribution": candidate.source.distribution,
        "files": list(candidate.files),
        "sha256": candidate.sha256,
        "scope": candidate.scope,
        "hooks": [hook_name(hook, plugins) for hook in plugin.hooks],
        "settings": settings.model_dump(by_alias=True),
        "configuration": redacted(dict(config.plugins.section(plugin.name)), schema),
    }


def told(facts: Mapping[str, Any]) -> str:
    """Give it as text, without what is not there."""
    head = click.style(f"{facts['name']} {facts['version']}", bold=True)
    lines = [f"{head}  {facts['description']}".rstrip()]
    given = {name: one for name, one in facts["settings"].items() if one is not None}
    for key, value in {**facts, "settings": given}.items():
        if key not in _IN_THE_HEAD and value not in (None, "", [], (), {}):
            lines.append(f"  {key.replace('_', ' '):<22}{_text(value)}")
    return "\n".join(lines)


_IN_THE_HEAD = ("name", "version", "description")


def hook_name(hook: str, plugins: Plugins) -> str:
    """Give the dotted name of a hook, if it is known."""
    state = plugins.manager.current.points.get(hook)
    return hook if state is None else state.spec.name


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

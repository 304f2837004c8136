"""Secrets in a plugin's model that are plain texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from marty_chassis.settings.redaction import looks_secret

from .finding import Finding
from .source import Source

_ABOUT: Final = (
    *("_algorithm", "_audience", "_cookie", "_endpoint", "_file", "_folder", "_header", "_id"),
    *("_issuer", "_kind", "_name", "_path", "_prefix", "_suffix", "_type", "_uri", "_url"),
)
"""The ends of what is about a secret and none: `token_endpoint`, `key_id`, `password_file`."""


def check(source: Source) -> Iterator[Finding]:
    """Look at the fields of every pydantic model whose names are those of secrets."""
    for owner in source.outline.classes.values():
        bases = {source.names.dotted(one) for one in owner.node.bases}
        if not bases & {"pydantic.BaseModel", "pydantic.main.BaseModel"}:
            continue
        for node in owner.node.body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                    secret = looks_secret(name) and not name.lower().endswith(_ABOUT)
                    if secret and _is_text(kind):
                        yield source.finding(
                            "plain-secret",
                            node,
                            f"{name!r} is a secret by its name, and a plain text: whoever prints"
                            " the model shows it",
                            f"Write {name}: SecretStr, and get_secret_value() where it is needed.",
                        )


def _is_text(annotation: ast.expr) -> bool:
    words = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    return "str" in words and not words & {"int", "float", "bool", "dict"}

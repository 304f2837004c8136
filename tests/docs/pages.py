"""What pages hold that is made of the code.

Run it:  python -m tests.docs.pages      (rewrites what stands between the marks)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from .made import commands, errors, fixtures, keys, management, points, rules, states, table
from .page import ROOT

MADE: Mapping[tuple[str, str], Callable[[], str]] = {
    ("README.md", "extension points"): table.table,
    ("docs/check.md", "rules"): rules.rules,
    ("docs/configuration.md", "keys"): keys.keys,
    ("docs/configuration.md", "keys of a plugin"): keys.of_a_plugin,
    ("docs/errors.md", "messages"): errors.messages,
    ("docs/errors.md", "tree"): errors.tree,
    ("docs/extension-points.md", "contents"): points.contents,
    ("docs/extension-points.md", "points"): points.sections,
    ("docs/extension-points.md", "values"): points.values,
    ("docs/lifecycle.md", "phases"): states.phases,
    ("docs/lifecycle.md", "states"): states.states,
    ("docs/operating.md", "commands"): commands.commands,
    ("docs/operating.md", "endpoints"): management.endpoints,
    ("docs/operating.md", "exit codes"): commands.codes,
    ("docs/operating.md", "figures"): management.figures,
    ("docs/plugins/custom-metrics.md", "keys"): keys.of_custom_metrics,
    ("docs/plugins/consul.md", "keys"): keys.of_consul,
    ("docs/plugins/etcd.md", "keys"): keys.of_etcd,
    ("docs/plugins/jwt-authentication.md", "keys"): keys.of_jwt_authentication,
    ("docs/plugins/request-tracing.md", "keys"): keys.of_request_tracing,
    ("docs/plugins/structured-logging.md", "keys"): keys.of_structured_logging,
    ("docs/testing.md", "fixtures"): fixtures.fixtures,
}
"""By page and mark."""


def written(page: str, mark: str) -> str:
    """What the page has between the marks."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.search(f"<!-- {mark} -->(.*?)<!-- end of {mark} -->", text, re.DOTALL)
    return found[1].strip() if found else ""


def rewrite() -> None:
    """Write anew what is another now."""
    for (page, mark), make in MADE.items():
        if written(page, mark) != (made := make()):
            path = ROOT / page
            text = path.read_text(encoding="utf-8")
            head, begin, rest = text.partition(f"<!-- {mark} -->")
            _, end, tail = rest.partition(f"<!-- end of {mark} -->")
            path.write_text(f"{head}{begin}\n\n{made}\n\n{end}{tail}", encoding="utf-8")


if __name__ == "__main__":
    rewrite()

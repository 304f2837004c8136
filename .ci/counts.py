"""Count the tests of each environment, from the junit files that pytest wrote."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

KINDS = ("passed", "failed", "errors", "skipped")


def counted(report: Path) -> Counter[str]:
    """What one report says: passed, failed, errors, skipped."""
    counts: Counter[str] = Counter()
    for suite in ElementTree.parse(report).iter("testsuite"):
        counts["failed"] += int(suite.get("failures", 0))
        counts["errors"] += int(suite.get("errors", 0))
        counts["skipped"] += int(suite.get("skipped", 0))
        counts["passed"] += int(suite.get("tests", 0))
    counts["passed"] -= counts["failed"] + counts["errors"] + counts["skipped"]
    return counts


def main(folder: Path) -> int:
    """Print one line an environment and their sum; 1 when something failed."""
    reports = sorted(folder.glob("*.xml"))
    if not reports:
        print("no test ran")
        return 0
    total: Counter[str] = Counter()
    for report in reports:
        counts = counted(report)
        total.update(counts)
        _show(report.stem, counts)
    _show("TOTAL", total)
    return 1 if total["failed"] or total["errors"] else 0


def _show(name: str, counts: Counter[str]) -> None:
    print(f"{name:>15}: " + ", ".join(f"{counts[kind]} {kind}" for kind in KINDS))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

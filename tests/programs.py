"""Programs that tests start for real: found, or the test is skipped with the reason.

Where the environment says CI, such a skip is a failure: `.ci/run` brings them all.
"""

from __future__ import annotations

import os
import shutil

import pytest

PACKAGES = {
    "bash": "bash",
    "curl": "curl",
    "etcd": "etcd-server",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
"""The Debian package of each."""


def program(name: str) -> str:
    """Give the path of a program, or skip the test."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed: apt-get install {PACKAGES[name]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path

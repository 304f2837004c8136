"""Every table, one after another.

Run it:  python -m benchmarks
"""

from __future__ import annotations

import subprocess
import sys

TABLES = (
    *("dispatch", "middleware", "tracing_and_logging", "imports"),
    *("reload_under_load", "reload_leaks"),
)
for name in TABLES:
    print(f"# {name}\n", flush=True)
    # A process each: what one table imports and warms is not the next one's.
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    print(flush=True)

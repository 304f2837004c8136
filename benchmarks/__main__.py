"""Every table, one after another.

Run it:  python -m benchmarks
"""

from __future__ import annotations

import subprocess
import sys

for name in ("dispatch", "middleware", "imports", "reload_under_load", "reload_leaks"):
    print(f"# {name}\n", flush=True)
    # A process each: what one table imports and warms is not the next one's.
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
    print(flush=True)

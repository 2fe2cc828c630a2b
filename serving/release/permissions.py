"""Rights on what is written."""

from __future__ import annotations

from pathlib import Path


def permitted(mode: int) -> int:
    """What this process's umask leaves of some rights: a `chmod` would give all of them.

    Args:
        mode: as for `chmod`.
    """
    # To ask the system for it is to change it, for all threads.
    status = Path("/proc/self/status").read_text(encoding="utf-8", errors="replace")
    umask = next((line.split()[1] for line in status.splitlines() if line.startswith("Umask:")), "022")
    return mode & ~int(umask, 8)

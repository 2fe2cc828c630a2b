"""The memory through which a backend process and its server speak, for their owner alone."""

from __future__ import annotations

import contextlib
from pathlib import Path

MEMORY = Path("/dev/shm")


def close_memory(program: Path = Path("/proc/self/cmdline")) -> None:
    """Takes the right to read it from others: requests and answers go through it, and Triton lets everybody read.

    To be called before the first request. Does nothing in a process that Triton did not start.

    Args:
        program: the command line of the process, which names the memory.
    """
    for word in program.read_bytes().split(b"\0"):
        region = MEMORY / word.decode("utf-8", "surrogateescape").lstrip("/")
        with contextlib.suppress(OSError):  # another word, or another one's
            if word and region.parent == MEMORY and region.is_file():
                region.chmod(0o600)

"""Processes that outlive us: who they are, and how to end them for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil


@dataclass(frozen=True)
class ProcessIdentity:
    """A process id that cannot be mistaken for a later process that got the same number.

    Args:
        pid: the process id.
        started: boot id of the kernel and start time in clock ticks since boot.
    """

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Identity of a living process, None where there is none (a zombie counts as none)."""
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        fields = text.rpartition(")")[2].split()  # the command's name may hold spaces and brackets
        return None if fields[0] in "ZX" else cls(pid, f"{boot}:{fields[19]}")

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return ProcessIdentity.of(self.pid) == self


def open_log(path: Path) -> BinaryIO:
    """The log of a process that outlives us, to be added to; it is its owner's alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


def processes_of(folder: Path, programs: Sequence[str], session: int | None = None) -> list[psutil.Process]:
    """Living processes of these programs that belong to a folder, or to a session.

    They were given a path below the folder on their command line, or work in it. A Triton backend stub can outlive
    its server, and its process group can no longer be asked for once the leader is gone; its command line still names
    the folder of the home that it belongs to. Where that was moved since, it names the old place, but the folder in
    which a process works has moved with it.

    Args:
        folder: absolute path.
        programs: file names of executables, or names of Python modules that are run with `-m`.
        session: id of the process that began it; None for no session.
    """
    found = []
    for process in psutil.process_iter(["name", "cmdline", "status", "cwd"]):
        words = process.info["cmdline"] or []
        if process.info["status"] == psutil.STATUS_ZOMBIE or not words or _program(words) not in programs:
            continue
        named = process.info["cwd"] == str(folder) or any(f"{folder}{os.sep}" in word for word in words)
        if named or (session is not None and _session(process.pid) == session):
            found.append(process)
    return found


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _program(words: Sequence[str]) -> str:
    """What a command line runs."""
    module = words.index("-m") + 1 if "-m" in words[:3] else 0
    return words[module] if 0 < module < len(words) else Path(words[0]).name


def end_processes(processes: Sequence[psutil.Process], patience: float) -> list[psutil.Process]:
    """Asks processes to end, insists after `patience` seconds, and returns those that still live.

    psutil refuses to signal a process whose id was recycled since it was listed.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        _, processes = psutil.wait_procs(processes, timeout=seconds)
        if not processes:
            break
    return [process for process in processes if process.is_running()]


def wait_until_gone(folder: Path, programs: Sequence[str], timeout: float, session: int | None = None) -> bool:
    """Waits until no process of these programs is left for the folder or the session; False when some still are."""
    deadline = time.monotonic() + timeout
    while processes_of(folder, programs, session):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from recsys_assets.cli.terminal.interruption import interruption

IGNORING = """
import os, signal
import polars  # answers to the signal itself
signal.signal(signal.SIGINT, signal.SIG_IGN)
from recsys_assets.cli.terminal.interruption import interruption
with interruption() as interrupted:
    os.kill(os.getpid(), signal.SIGINT)
    print(interrupted.wait(0.0))
"""


def test_ctrl_c_is_an_event_and_no_exception() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruption() as interrupted:
        assert not interrupted.wait(0.0)
        os.kill(os.getpid(), signal.SIGINT)
        begin = time.monotonic()
        assert interrupted.wait(30) and time.monotonic() - begin < 5
    assert signal.getsignal(signal.SIGINT) is before


def test_it_can_come_at_any_moment() -> None:
    """Again and again, while the main thread waits and looks."""
    for _ in range(200):
        with interruption() as interrupted:
            sender = threading.Timer(0.001, os.kill, (os.getpid(), signal.SIGINT))
            sender.start()
            while not interrupted.wait(0.0005):
                pass
            sender.join()


def test_no_handler_of_before_keeps_it_away() -> None:
    done = subprocess.run([sys.executable, "-c", IGNORING], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "True"

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from recsys_assets.cli.build import materialize as module
from recsys_assets.cli.build.materialize import run
from recsys_assets.cli.terminal.progress import Progress

DEAF = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
def end(*_):
    print("last words " * 20_000)  # more than fits where nobody reads
    Path(sys.argv[1]).write_text("told")
    sys.exit(1)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep(60)
"""


def test_an_interrupted_command_does_not_go_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where only the command line was interrupted, and not all of its terminal."""

    def follow(_: Progress, lines: Iterable[str], *__: Any) -> list[str]:
        assert "ready" in next(iter(lines))
        os.kill(os.getpid(), signal.SIGINT)
        return list(lines)

    monkeypatch.setattr(Progress, "follow", follow)
    monkeypatch.setattr(module, "TO_END_S", 0.1)
    told = tmp_path / "told"
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", DEAF, str(told)], os.environ, Console(file=io.StringIO()), "shop")
    assert told.read_text() == "told"

"""The release that a benchmark measures."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_release(parser: argparse.ArgumentParser) -> None:
    """Adds the argument RELEASE, a folder; the newest release of the demo by default."""
    parser.add_argument("release", nargs="?", type=Path, default=None)


def chosen(given: argparse.Namespace) -> Path:
    """The folder; FileNotFoundError when none was named and there is no demo."""
    releases = Path(".recsys/releases/demo")
    found = [given.release] if given.release else sorted(releases.glob("[0-9a-f]*"), key=lambda at: at.stat().st_mtime)
    if not found:
        raise FileNotFoundError(f"There is no release in {releases}; run `make demo`, or name the folder of one.")
    return Path(found[-1]).resolve()

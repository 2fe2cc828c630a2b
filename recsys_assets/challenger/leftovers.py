"""What processes that were ended in the middle of their work left behind in a home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resources.home import Home
from serving.release.holding import Holding

QUIET = timedelta(days=1)
"""How long nothing was written to what is taken for left behind."""
_ASIDE = re.compile(r"\.aside-.*|\.by-key-.*|\.rows-.*|\.backends-.*|\..+\.[0-9a-f]{32}|tmp\w+\.aside")


def leftovers(home: Home, name: str) -> list[Holding]:
    """Files and folders that were written aside and never renamed.

    Those beside releases are not looked at: their lock tells better who still writes.

    Args:
        home: the home.
        name: the recommender.
    """
    now = datetime.now(UTC)
    found = [Holding.going(path, "leftover", "nobody has written to it for a day") for path in _aside(home, name)]
    return [holding for holding in found if now - holding.made > QUIET]


def _aside(home: Home, name: str) -> Iterator[Path]:
    ours = home.recommender(name)
    root = home.folds(name)
    folds = (path for path in root.rglob("*/") if not any(p.startswith(".") for p in path.relative_to(root).parts))
    deeper = (*home.item_state_folder(name).glob("[!.]*/"), *folds, *home.feast(name).glob("[!.]*/"))
    for folder in (ours, *ours.glob("[!.]*/"), *deeper, home.feast(name), home.triton, home.triton_models):
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if _ASIDE.fullmatch(path.name))

"""The layout of a home, from the class that knows it."""

from __future__ import annotations

import inspect
from pathlib import Path

from reference_pages.table import table
from resources.configured import FILE
from resources.home import Home

ROOT, DAY = "RECSYS_HOME", "2026-01-31"
"""A day that no other part of a path looks like."""


def home_page(introduction: str) -> str:
    """Every place in a home, and what lies there.

    Args:
        introduction: text with `{layout}` where the table is to stand.
    """
    rows = [(f"`{FILE}`", "What this installation sets of its own: see [its keys](resources.md)."), *_places()]
    return introduction.replace("{layout}", table(("below the home", "what"), sorted(rows)))


def _places() -> list[tuple[str, str]]:
    home, rows = Home(Path(ROOT)), []
    for name, member in vars(Home).items():
        if isinstance(member, property):
            place, doc = getattr(home, name), inspect.getdoc(member.fget)
        elif inspect.isfunction(member) and not name.startswith("_"):
            place, doc = member(home, *_arguments(member)), inspect.getdoc(member)
        else:
            continue
        if isinstance(place, Path):
            below = str(place.relative_to(ROOT)).replace(DAY, "DAY")
            rows.append((f"`{below}`", " ".join(str(doc).split())))
    return rows


def _arguments(method: object) -> list[str]:
    """Placeholders for a recommender, a day, a release and the like."""
    words = {"name": "NAME", "day": DAY, "release_hash": "HASH", "table": "TABLE"}
    names = list(inspect.signature(method).parameters)[1:]  # type: ignore[arg-type]
    return [words[name] for name in names]

"""How the explore page writes numbers, names and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ops_gpu.models.registry import RETRIEVERS
from recsys_assets.explore.stages import Row

TITLES = {"co_occurrence": "co-occurrence"} | {
    name: family.title for name, family in RETRIEVERS.items() if family.title
}


def milliseconds(value: float) -> str:
    """`0.12 ms`, `12.3 ms`, `123 ms`."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} ms"


def score(value: float) -> str:
    """With a real minus sign."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def day(value: datetime) -> str:
    """`31 Mar 2026`."""
    return f"{value.day} {value:%b %Y}"


def plain(value: Any) -> str:
    """A feature's value: whole floats without their fraction, lists joined."""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value))
    return "unknown" if value is None else str(value)


def words(name: str) -> str:
    """`co_occurrence` as people write it."""
    return TITLES.get(name, name.replace("_", " "))


def ordinal(place: int) -> str:
    """`1st`, `2nd`, `11th`."""
    last = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{last}"


def by_source(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """How many candidates each source brought."""
    return Counter(name for row in rows for name, _ in row.sources).most_common()


def by_reason(rows: Iterable[Row]) -> list[tuple[str, int]]:
    """How many candidates were removed for each reason."""
    return Counter(reason for row in rows for reason in row.reasons).most_common()


def segments(stage_ms: Mapping[str, float], widest: float) -> list[tuple[str, float, float]]:
    """Stage, start and width of a bar that is 100 wide for the `widest` time."""
    made, start = [], 0.0
    for stage, value in stage_ms.items():
        width = 100 * value / widest if widest else 0.0
        made.append((stage, round(start, 3), round(width, 3)))
        start += width
    return made


def bounds(rows: Iterable[Row]) -> tuple[float, float]:
    """The lowest and the highest score; both 0 where there is none."""
    scores = [row.score for row in rows if row.score is not None]
    return min(scores, default=0.0), max(scores, default=0.0)


def share(value: float, lowest_and_highest: tuple[float, float]) -> float:
    """Where a score lies between the lowest and the highest, from 2 to 100."""
    low, high = lowest_and_highest
    return round(2 + 98 * min(1.0, max(0.0, (value - low) / (high - low))), 2) if high > low else 100.0


FORMATS: dict[str, Callable[..., Any]] = {
    "ms": milliseconds,
    "score": score,
    "day": day,
    "plain": plain,
    "words": words,
    "ordinal": ordinal,
    "by_source": by_source,
    "by_reason": by_reason,
    "segments": segments,
    "bounds": bounds,
    "share": share,
}

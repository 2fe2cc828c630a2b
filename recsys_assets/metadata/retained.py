"""What retention has removed, in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.release.holding import Holding


def removed(holdings: Sequence[Holding]) -> str:
    """What is gone, and how much room it took.

    Args:
        holdings: all that was looked at.
    """
    gone = [holding for holding in holdings if holding.goes]
    if not gone:
        return "nothing"
    releases = [holding.path.name[:12] for holding in gone if holding.what == "release"]
    named = f"{counted(len(releases), 'release')} ({', '.join(releases)})" if releases else ""
    others = [counted(sum(h.what == what for h in gone), what) for what in ("model", "leftover")]
    parts = [part for part in (named, *others) if part and not part.startswith("0 ")]
    return f"{', '.join(parts)}: {megabytes(sum(holding.size for holding in gone))}"


def counted(number: int, what: str) -> str:
    """`1 release`, `2 releases`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def megabytes(size: int) -> str:
    """Bytes, as people read them."""
    return f"{size / 1e6:,.1f} MB"

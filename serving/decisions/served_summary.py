"""ServedSummary: what a day's recommendations were like, in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ops_gpu.candidates.candidates import DEGRADED, FALLBACK
from serving.decisions.files import NUMBER

if TYPE_CHECKING:
    import polars as pl

Names = Mapping[str, Mapping[str, Mapping[str, int]]]
"""By release, the bits of `source` and `reason` by name."""
HOURS = 24
REQUEST = ("request", "time", NUMBER)
"""What no two requests have in common: who asks may use an id twice."""
REASONS = re.compile(r"(\d+_)?removed_reason")
"""A second filter of a graph logs under a name with a number before it."""


@dataclass(frozen=True)
class ServedSummary:
    """A day in numbers. What a release does not log (one of a graph of its own) does not count.

    Args:
        requests: that were answered.
        lists: one for each user in a request.
        users: different ones.
        recorded: lists whose items were logged: what the shares below are of.
        degraded: lists made without what is stored of the user, which could not be read.
        popular: lists of what is popular, since nothing is known of the user.
        empty: lists without an item.
        degraded_or_empty: lists that are one of both.
        places: items in all lists together.
        items: different ones.
        retrieved: median candidates of a list by source; one may be brought by several.
        scored: median candidates of a list that filters left.
        removed: candidates that filters removed, by reason; one may have several.
        by_hour: lists in each hour (UTC) by release, the first that answered first.
    """

    requests: int
    lists: int
    users: int
    recorded: int
    degraded: int
    popular: int
    empty: int
    degraded_or_empty: int
    places: int
    items: int
    retrieved: dict[str, float]
    scored: float | None
    removed: dict[str, int]
    by_hour: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, decisions: pl.DataFrame, bits: Names) -> ServedSummary:
        """Sums up decisions.

        Args:
            decisions: of a day, by time, as `serving.decisions.reader.read_decisions` gives them.
            bits: names of bits by release; a bit without a name is called by its number.
        """
        frame = _complete(decisions)
        length, marks = frame["item"].list.len(), frame["source"].list.first().fill_null(0)
        empty, degraded = (length == 0).fill_null(False), marks & DEGRADED > 0
        scored: Any = frame["scored_item"].list.len().median()
        return cls(
            requests=frame.select(name for name in REQUEST if name in frame.columns).n_unique(),
            lists=frame.height,
            users=frame["user_id"].drop_nulls().n_unique(),
            recorded=length.count(),
            degraded=int(degraded.sum()),
            popular=int((marks & FALLBACK > 0).sum()),
            empty=int(empty.sum()),
            degraded_or_empty=int((degraded | empty).sum()),
            places=int(length.sum()),
            items=frame["item"].explode(empty_as_null=False, keep_nulls=False).n_unique(),
            retrieved=_retrieved(frame, bits),
            scored=None if scored is None else float(scored),
            removed=_removed(frame, bits),
            by_hour=_by_hour(frame),
        )

    def share(self, lists: int) -> float:
        """A number of lists as a share of those whose items were logged; 0 on a day without any."""
        return lists / self.recorded if self.recorded else 0.0

    @property
    def mean_length(self) -> float:
        """Items of a list; 0 on a day without lists."""
        return self.share(self.places)

    @property
    def releases(self) -> dict[str, int]:
        """Lists by the release that made them, the first that answered first."""
        return {release: sum(hours) for release, hours in self.by_hour.items()}

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {**asdict(self), "mean_length": self.mean_length, "releases": self.releases}


def _complete(decisions: pl.DataFrame) -> pl.DataFrame:
    """With the columns that not every graph logs, as nulls."""
    import polars as pl

    number, numbers = pl.Int64(), pl.List(pl.UInt8())
    wanted = {"user_id": number, **dict.fromkeys(("item", "source", "scored_item", "retrieved_source"), numbers)}
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in wanted.items() if name not in decisions.columns]
    return decisions.with_columns(absent)


def _retrieved(frame: pl.DataFrame, bits: Names) -> dict[str, float]:
    """Median candidates of each source that brought any."""
    import polars as pl

    counts: dict[str, list[pl.Series]] = {}
    columns = [name for name in ("retrieved_source", "retrieved_sources") if name in frame.columns]
    for release, part in _by_release(frame.select("release", *columns)):
        column, kind = "retrieved_source", "source"
        if "retrieved_sources" in columns and part["retrieved_sources"].is_not_null().any():
            column, kind = "retrieved_sources", "sources"
        for name, bit in bits.get(release, {}).get(kind, {}).items():
            marked = pl.col(column).list.eval(pl.element() & bit > 0).list.sum()
            counts.setdefault(name, []).append(part.select(marked).to_series().drop_nulls())
    joined = {name: pl.concat(parts) for name, parts in counts.items()}
    medians: dict[str, Any] = {name: found.median() for name, found in joined.items() if found.sum()}
    return {name: float(median) for name, median in medians.items()}


def _removed(frame: pl.DataFrame, bits: Names) -> dict[str, int]:
    """Removed candidates by reason, the most frequent first."""
    import polars as pl

    found: dict[str, int] = {}
    for column in filter(REASONS.fullmatch, frame.columns):
        each = frame.select("release", reason=pl.col(column)).explode("reason", empty_as_null=False, keep_nulls=False)
        for release, reason, count in each.group_by("release", "reason").len().iter_rows():
            for name in _names(reason, bits.get(release, {}).get("reason", {})):
                found[name] = found.get(name, 0) + count
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _names(value: int, names: Mapping[str, int]) -> list[str]:
    named = {bit: name for name, bit in names.items()}
    bits = (1 << position for position in range(value.bit_length()))
    return [named.get(bit, f"bit {bit}") for bit in bits if value & bit]


def _by_hour(frame: pl.DataFrame) -> dict[str, tuple[int, ...]]:
    found = {}
    for release, part in _by_release(frame.select("release", "time")):
        hours = dict(part.group_by(part["time"].dt.hour().alias("hour")).len().iter_rows())
        found[release] = tuple(hours.get(hour, 0) for hour in range(HOURS))
    return found


def _by_release(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for (release,), part in frame.partition_by("release", as_dict=True).items():
        yield str(release), part

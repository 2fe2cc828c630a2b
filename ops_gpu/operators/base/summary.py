"""Summaries of numbers that merge: count, mean, squared deviations, minimum and maximum."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def summary_of(value: pl.Expr, prefix: str = "") -> list[pl.Expr]:
    """Aggregations of a number column; null, NaN and infinite values do not count.

    Args:
        value: the numbers.
        prefix: put before the names `count`, `mean`, `m2`, `min` and `max`.
    """
    number = value.cast(pl.Float64)
    finite = pl.when(number.is_finite()).then(number)
    return [
        finite.count().cast(pl.Int64).alias(f"{prefix}count"),
        finite.mean().fill_null(0.0).alias(f"{prefix}mean"),
        (finite.var(ddof=0).fill_null(0.0) * finite.count()).alias(f"{prefix}m2"),
        finite.min().alias(f"{prefix}min"),
        finite.max().alias(f"{prefix}max"),
    ]


def merged_summary(prefix: str = "") -> list[pl.Expr]:
    """Aggregations that make one summary of several rows that are summaries (Chan, Golub, LeVeque 1983)."""
    count, mean, m2 = (pl.col(f"{prefix}{name}") for name in ("count", "mean", "m2"))
    # One round of division only, so that empty parts (count 0, mean 0) never matter.
    center = ((count * mean).sum() / count.sum()).fill_nan(0.0)
    return [
        count.sum(),
        center.alias(f"{prefix}mean"),
        (m2.sum() + (count * (mean - center) ** 2).sum()).alias(f"{prefix}m2"),
        pl.col(f"{prefix}min").min(),
        pl.col(f"{prefix}max").max(),
    ]


def settled(prefix: str = "") -> list[pl.Expr]:
    """Mean and squared deviations without what rounding left in them, to be computed after either of the above.

    A mean lies between the least and the greatest value, and values that are all equal have no deviation: 7 x 14.62
    add up to a mean that is another number, at a distance of several "deviations". Sums that were too large for
    Float64 leave an infinite deviation, in which all values are alike.
    """
    mean, m2, low, high = (pl.col(f"{prefix}{name}") for name in ("mean", "m2", "min", "max"))
    return [
        pl.when(mean < low).then(low).when(mean > high).then(high).otherwise(mean).alias(f"{prefix}mean"),
        pl.when(low == high).then(0.0).when(m2.is_nan()).then(float("inf")).otherwise(m2).alias(f"{prefix}m2"),
    ]


def standard_deviation(prefix: str = "") -> pl.Expr:
    """Sample standard deviation (one degree of freedom less) of a summary; NaN below two values."""
    count, m2 = pl.col(f"{prefix}count"), pl.col(f"{prefix}m2")
    return pl.when(count > 1).then((m2 / (count - 1)).sqrt()).otherwise(float("nan"))


def upsert(
    rows: pl.DataFrame,
    new: pl.DataFrame,
    keys: Sequence[str],
    merged: Sequence[pl.Expr],
    after: Sequence[pl.Expr] = (),
) -> pl.DataFrame:
    """Rows with new ones merged in by key: as `merge_rows` of both, but the many that stay are not touched."""
    if rows.schema != new.schema:
        return merge_rows([rows, new], keys, merged, after)
    touched, rest = (
        rows.join(new, on=keys, how=how, nulls_equal=True, maintain_order="left") for how in ("semi", "anti")
    )
    return pl.concat([rest, merge_rows([touched, new], keys, merged, after)])


def merge_rows(
    frames: Sequence[pl.DataFrame],
    keys: Sequence[str],
    merged: Sequence[pl.Expr],
    after: Sequence[pl.Expr] = (),
) -> pl.DataFrame:
    """Rows of all frames, merged by key and sorted; over everything where there are no keys.

    Args:
        frames: one is given back as it is, but for the order of its rows.
        keys: names of the key columns.
        merged: aggregations of the others.
        after: columns to compute anew of what was merged.
    """
    if len(frames) == 1:
        return frames[0].sort(keys, nulls_last=False) if keys else frames[0]
    rows = pl.concat(frames, how="vertical_relaxed")
    if not keys:
        return rows.select(merged).with_columns(after)
    return rows.group_by(keys).agg(merged).with_columns(after).sort(keys, nulls_last=False)

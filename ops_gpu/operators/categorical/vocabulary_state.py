"""What Categorify learns and looks up: counts of values, vocabularies in code order, codes and buckets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce

import numpy as np
import polars as pl

from ops_gpu.operators.base.group_keys import check_key_types, group_keys
from ops_gpu.operators.base.lookup_table import LookupTable
from ops_gpu.operators.base.numeric_statistics import values_of
from ops_gpu.operators.base.plan import Plan
from ops_gpu.operators.categorical.hash_bucket import hashed
from ops_gpu.primitives.key_dtypes import as_key, element_dtype, key_dtype
from ops_gpu.primitives.stable_hash import hash_series, mix

PADDING, NULL, OUT_OF_VOCABULARY = 0, 1, 2


def counted(frame: pl.LazyFrame, names: Sequence[str], combo: bool, weight: int) -> pl.LazyFrame:
    """Rows by value: of these columns one after another in column `value` (elements, for lists), or of the tuples
    that they make, in columns `key0`, `key1`, ... where `combo`; the number in column `count`.

    Raises:
        ValueError: when a column cannot be a key, one of a combo holds lists, or columns that share a vocabulary are
            of types that have no value in common.
    """
    schema = frame.collect_schema()
    if combo:
        check_no_lists(names, [schema[name] for name in names])
        keys = frame.select(group_keys(frame, names))
    else:
        _check_alike(names, [schema[name] for name in names])
        keys = pl.concat([_values(frame, name) for name in names], how="vertical_relaxed")
    return keys.group_by(pl.all()).agg((pl.len().cast(pl.Int64) * weight).alias("count"))


def _values(frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    dtype = element_dtype(frame.collect_schema()[column])
    values = frame.select(values_of(frame, column).alias("value"))
    return values.select(as_key(pl.col("value"), dtype, key_dtype(column, dtype)))


def _check_alike(names: Sequence[str], dtypes: Sequence[pl.DataType]) -> None:
    """ValueError where columns of one vocabulary are kept in several types, so that some could never be found in it."""
    kept = {name: key_dtype(name, element_dtype(dtype)) for name, dtype in zip(names, dtypes, strict=True)}
    if len(set(kept.values()) - {pl.Null()}) > 1:
        columns = ", ".join(f"{name!r} ({dtype})" for name, dtype in zip(names, dtypes, strict=True))
        raise ValueError(
            f"the columns {columns} share one vocabulary, and values of such types are never the same; cast them to "
            "one type, or give each a vocabulary of its own."
        )


def check_no_lists(names: Sequence[str], dtypes: Sequence[pl.DataType]) -> None:
    """ValueError where a column of a combo holds lists."""
    for name, dtype in zip(names, dtypes, strict=True):
        if isinstance(dtype, (pl.List, pl.Array)):
            raise ValueError(
                f"column {name!r} is of type {dtype}, and Categorify with encode_type 'combo' expects single values "
                f"for the tuples of {', '.join(names)}; take it out of the group."
            )


def keys_of(table: pl.DataFrame) -> list[str]:
    """Columns of counts or of a vocabulary that hold values."""
    return [name for name in table.columns if name != "count"]


def merged(unit: str, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Counts of several parts together; ValueError where their values are of different types."""
    if len(frames) == 1:
        return frames[0]
    check_key_types(unit, [frame.rename({"value": "key0"}, strict=False) for frame in frames])
    rows = pl.concat(frames, how="vertical_relaxed")
    return rows.group_by(keys_of(rows)).agg(pl.col("count").sum())


def learnt(table: pl.DataFrame, threshold: int, room: int | None, previous: pl.DataFrame | None) -> pl.DataFrame:
    """The vocabulary of these counts: by falling frequency, ties by value, behind all that was there before.

    Args:
        table: counts.
        threshold: values seen less often are left out.
        room: most values in all, or None for no limit; what was there before stays in any case.
        previous: the vocabulary before.
    """
    keys = keys_of(table)
    known = pl.any_horizontal(pl.col(keys).is_not_null())
    frequent = table.filter(known & (pl.col("count") >= threshold))
    values = frequent.sort("count", *keys, descending=[True, *(False for _ in keys)]).select(keys)
    if previous is not None and len(previous):
        # A part of a tuple may have been null alone so far.
        types = pl.Schema({k: t if t != pl.Null else values.schema[k] for k, t in previous.schema.items()})
        before, values = previous.cast(types), values.cast(types)
        new = values.join(before, on=keys, how="anti", nulls_equal=True, maintain_order="left")
        values = pl.concat([before, new])
    return values if room is None else values.head(max(room, 0 if previous is None else len(previous)))


def recounted(unit: str, before: Sequence[pl.DataFrame], new: pl.DataFrame) -> pl.DataFrame | None:
    """Counts in all of what new rows have; None where the old counts are of other types and must be merged first."""
    if any(frame.schema != new.schema for frame in before):
        return None
    seen = [frame.join(new, on=keys_of(new), how="semi", nulls_equal=True) for frame in before]
    return merged(unit, [new, *seen])


def code_table(vocabulary: pl.DataFrame, first: int) -> LookupTable:
    """Codes by value (by tuple of values), null included."""
    null = pl.DataFrame({name: [None] for name in vocabulary.columns}, vocabulary.schema)
    codes = pl.int_range(first, first + len(vocabulary), dtype=pl.Int32, eager=True).alias("code")
    values = pl.concat([codes, pl.Series("code", [NULL], pl.Int32)]).to_frame()
    return LookupTable(pl.concat([vocabulary, null]), values, [OUT_OF_VOCABULARY])


def with_buckets(code: pl.Expr, keys: Sequence[pl.Expr], plan: Plan, buckets: int) -> pl.Expr:
    """Codes in which a bucket, by a stable hash of the value or tuple, stands for what is out of the vocabulary.

    Args:
        code: the codes as looked up.
        keys: the columns that they were looked up for.
        plan: gives types.
        buckets: how many there are, from 2 up.
    """
    if buckets == 1:
        return code
    if len(keys) > 1:
        parts = pl.struct(key.alias(f"key{i}") for i, key in enumerate(keys))
        bucket = parts.map_batches(partial(_bucket_of_tuple, buckets=buckets), pl.Int32(), is_elementwise=True)
    else:
        bucket = hashed(keys[0], plan.dtype(keys[0]), partial(_bucket, buckets=buckets))
    if not isinstance(plan.dtype(code), pl.List):
        return pl.when(code == OUT_OF_VOCABULARY).then(bucket).otherwise(code)
    # Codes and buckets are lists of equal lengths: where the code is 2, the difference is what to add.
    unknown = code.list.eval((pl.element() == OUT_OF_VOCABULARY).cast(pl.Int32))
    return code + unknown * (bucket - OUT_OF_VOCABULARY)


def _bucket(values: pl.Series, buckets: int) -> pl.Series:
    return (hash_series(values) % buckets).cast(pl.Int32) + OUT_OF_VOCABULARY


def _bucket_of_tuple(tuples: pl.Series, buckets: int) -> pl.Series:
    # Mixed after every part, so that the order of the parts matters.
    parts = [hash_series(part).to_numpy() for part in tuples.struct.unnest()]
    with np.errstate(over="ignore"):
        hashes = reduce(lambda total, part: mix(total + part), parts, np.zeros(len(tuples), np.uint64))
    return pl.Series(tuples.name, hashes % np.uint64(buckets)).cast(pl.Int32) + OUT_OF_VOCABULARY

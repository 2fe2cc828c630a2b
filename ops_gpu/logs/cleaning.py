"""The raw rows of one file to canonical rows, every row that is left out counted under one reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from ops_gpu.logs.errors.log_error import LogError, shown
from ops_gpu.logs.errors.reading import reading
from ops_gpu.logs.interactions import InteractionLog
from ops_gpu.logs.units import read_times
from ops_gpu.logs.values.features import categorical, continuous
from ops_gpu.logs.values.id_values import NO_VALUE, PROBLEMS, canonical_ids, id_problems, require_ids
from ops_gpu.logs.values.identifiers import IdTypes
from ops_gpu.logs.values.time_bounds import TimeBounds

RAW, FILE = "raw:", "__file__"
_PASSED, _REASON, _USER, _ITEM = "__passed__", "__reason__", "__user__", "__item__"


@dataclass(frozen=True)
class CleanedFile:
    """The usable rows of one file.

    Args:
        frame: `user_id`, `item_id`, `timestamp`, `label`, the kept columns, and wanted raw ones as
            `raw:NAME`.
        rows: rows in the file.
        reasons: rows left out, by reason, `filtered` among them.
        unreadable: kept values that are no numbers, by column.
        examples: the first value for a reason.
    """

    frame: pl.DataFrame
    rows: int
    reasons: Counter[str]
    unreadable: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def with_file(self, path: str) -> CleanedFile:
        """The same, with the file's path in a column `__file__`."""
        return replace(self, frame=self.frame.with_columns(pl.lit(path).alias(FILE)))


def clean(
    raw: pl.DataFrame,
    malformed: int,
    log: InteractionLog,
    ids: IdTypes,
    path: str,
    extra: Sequence[str] = (),
    bounds: TimeBounds | None = None,
) -> CleanedFile:
    """Makes canonical rows from the raw rows of one file.

    Args:
        raw: the raw columns that the log needs, and those of `extra`.
        malformed: lines that could not be split into fields.
        log: what the columns mean.
        ids: the types of ids.
        path: the file, for messages.
        extra: raw columns to carry along as `raw:NAME`.
        bounds: which times may be those of events; None for all.

    Returns:
        Usable rows in file order, and counts.

    Raises:
        LogError: when not a single row that passed the filters can be used, or the time unit cannot be right.
    """
    with reading(path):
        return _clean(raw, malformed, log, ids, path, extra, bounds or TimeBounds())


def _clean(
    raw: pl.DataFrame,
    malformed: int,
    log: InteractionLog,
    ids: IdTypes,
    path: str,
    extra: Sequence[str],
    bounds: TimeBounds,
) -> CleanedFile:
    kept, unreadable = _kept(raw, log, ids, path)
    moments = read_times(raw[log.time], log, path)
    require_ids(raw[log.user], ids.user, log.user_id_type, "user", path)
    require_ids(raw[log.item], ids.item, log.item_id_type, "item", path)
    frame = raw.select(
        canonical_ids(log.user, raw.schema[log.user], ids.user).alias("user_id"),
        canonical_ids(log.item, raw.schema[log.item], ids.item).alias("item_id"),
        id_problems(log.user, raw.schema[log.user], ids.user).alias(_USER),
        id_problems(log.item, raw.schema[log.item], ids.item).alias(_ITEM),
        moments.alias("timestamp"),
        _label(raw, log, path).alias("label"),
        *kept,
        *(pl.col(name).alias(RAW + name) for name in extra),
    )
    reasons = frame.select(_reason(raw, log, _passed(raw, log, path), bounds).alias(_REASON)).to_series()
    counts = Counter({str(name): int(count) for name, count in reasons.drop_nulls().value_counts().iter_rows()})
    if malformed:
        counts["too_many_fields"] = malformed
    _require_usable(raw, reasons, counts, log, ids, path)
    return CleanedFile(
        frame.filter(reasons.is_null()).drop(_USER, _ITEM),
        raw.height + malformed,
        counts,
        unreadable,
        _examples(raw, reasons, log, path),
    )


def _kept(raw: pl.DataFrame, log: InteractionLog, ids: IdTypes, path: str) -> tuple[list[pl.Series], Counter[str]]:
    categories = {name: categorical(raw[name], path, ids.kept.get(name)) for name in log.categorical}
    read = categories | {name: continuous(raw[name], path) for name in log.continuous}
    return [values for values, _ in read.values()], +Counter({name: wrong for name, (_, wrong) in read.items()})


def _label(raw: pl.DataFrame, log: InteractionLog, path: str) -> pl.Expr | pl.Series:
    condition = log.label_condition
    return condition.mask(raw, path) if condition else pl.lit(True)


def _passed(raw: pl.DataFrame, log: InteractionLog, path: str) -> pl.Series:
    masks = [condition.mask(raw, path).fill_null(False).alias(str(k)) for k, condition in enumerate(log.conditions)]
    if not masks:
        return pl.repeat(True, raw.height, eager=True).alias(_PASSED)
    return pl.DataFrame(masks).select(pl.all_horizontal(pl.all()).alias(_PASSED)).to_series()


def _reason(raw: pl.DataFrame, log: InteractionLog, passed: pl.Series, bounds: TimeBounds) -> pl.Expr:
    """Why a row is left out (an expression over the canonical frame), null for a usable row."""
    null = {name: _missing(raw[name]) for name in (log.user, log.item, log.time)}
    return (
        pl.when(~passed).then(pl.lit("filtered"))
        .when(null[log.user]).then(pl.lit("null_user"))
        .when(null[log.item]).then(pl.lit("null_item"))
        .when(pl.col(_USER).is_not_null()).then(pl.format("user_{}", _USER))
        .when(pl.col(_ITEM).is_not_null()).then(pl.format("item_{}", _ITEM))
        .when(null[log.time]).then(pl.lit("null_time"))
        .when(pl.col("timestamp").is_null()).then(pl.lit("unreadable_time"))
        .when(bounds.problem("timestamp").is_not_null()).then(bounds.problem("timestamp"))
        .when(pl.col("label").is_null()).then(pl.lit("null_label"))
    )  # fmt: skip


def _missing(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values.is_null() | (values.str.len_bytes() == 0)
    return values.is_null() | values.is_nan() if values.dtype.is_float() else values.is_null()


def _column(reason: str, log: InteractionLog) -> str | None:
    if reason == "null_label":
        condition = log.label_condition
        return condition.columns[0] if condition else None
    roles = {"user": log.user, "item": log.item, "time": log.time}
    return next((column for role, column in roles.items() if role in reason), None)


def _examples(raw: pl.DataFrame, reasons: pl.Series, log: InteractionLog, path: str) -> dict[str, str]:
    found = {}
    for reason in reasons.drop_nulls().unique(maintain_order=True).to_list():
        column, row = _column(reason, log), int((reasons == reason).arg_max() or 0)
        if column and reason not in ("null_user", "null_item", "null_time"):
            found[reason] = f"{column} = {_shown(raw[column][row])} in '{path}'"
    return found


def _shown(value: object) -> str:
    return shown(value.removeprefix(NO_VALUE) if isinstance(value, str) else value)


def _require_usable(
    raw: pl.DataFrame, reasons: pl.Series, counts: Counter[str], log: InteractionLog, ids: IdTypes, path: str
) -> None:
    dropped = Counter({name: count for name, count in counts.items() if name != "filtered"})
    if not dropped or sum(counts.values()) < raw.height + counts["too_many_fields"]:
        return
    reason, count = dropped.most_common(1)[0]
    if reason in ("time_alone", "time_ahead"):
        return  # which is told of the log as a whole; the days of such a file are nobody's
    column, total = _column(reason, log), sum(dropped.values())
    if reason == "too_many_fields":
        raise LogError(
            f"'{path}' has too many fields with separator '{log.source.shown_separator}' in {count} of {total} "
            "lines; "
            f"correct the separator, or quote fields that hold it."
        )
    value = raw[column][int((reasons == reason).arg_max() or 0)] if column else None
    example = "null" if value is None else _shown(value)
    wanted, remedy = _expectation(reason, log, ids)
    raise LogError(
        f"'{path}' has no usable row: in {count} of {total} rows the column '{column}' is {example}, "
        f"expected {wanted}; {remedy}."
    )


def _expectation(reason: str, log: InteractionLog, ids: IdTypes) -> tuple[str, str]:
    role, _, problem = reason.partition("_")
    if problem in PROBLEMS:
        remedy = f"mend the file, or say {role}_id_type: string" if problem == "not_integer" else "mend the file"
        return PROBLEMS[problem], remedy
    if reason.endswith("time"):
        wanted = f"times in the format {log.time_format}" if log.time_format else f"times (time_unit: {log.time_unit})"
        return wanted, "name the right column as time, or correct time_unit and time_format"
    if reason == "null_label":
        return f"values that answer the label '{log.label}'", "correct the label expression or the file"
    role = reason.removeprefix("null_")
    return f"{role} ids", f"name the right column as {role}, or mend the file"

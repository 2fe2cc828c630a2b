"""Log files that ended more than their own reading: the process, the code location, or the sensor."""

from __future__ import annotations

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq


def deep_json() -> bytes:
    """Overflowed the stack of the JSON parser."""
    return b'{"user": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"


def damaged_parquet() -> bytes:
    """Asked for two exabytes of memory, which ended the process."""
    data = bytearray(_parquet(pa.table({name: [1] * 100 for name in ("user", "item", "time", "stars")})))
    data[34] = 255
    return bytes(data)


def odd_zone() -> bytes:
    """Ended in a panic of Rust code, and still cannot be read: the zone stands within another type."""
    kind = pa.map_(pa.string(), pa.timestamp("us", "+05:30"))
    return _parquet(pa.table({"user": [1], "item": [1], "stars": [5], "time": pa.array([[]], kind)}))


def carriage_returns() -> bytes:
    """Ended in `_csv.Error`."""
    return b"user,it\rem,time,stars\n1,1,2024-01-02 10:00,5\n"


def _parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="none")
    return stream.getvalue()


BROKEN: dict[str, Callable[[], bytes]] = {
    "2024-01-02.jsonl": deep_json,
    "2024-01-02-cut.parquet": damaged_parquet,
    "2024-01-02-zone.parquet": odd_zone,
    "2024-01-02-cr.csv": carriage_returns,
}

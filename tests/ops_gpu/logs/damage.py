"""Files of one small log in every layout, and what may happen to them on the way."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import polars as pl
import pyarrow as pa

ROWS = pl.DataFrame(
    {
        "user": [f"u{n % 7}" for n in range(40)],
        "item": [f'"{n % 11}", ü' if n % 5 else f"ñ{n}" for n in range(40)],
        "time": [datetime(2024, 1, 1) + timedelta(hours=n) for n in range(40)],
        "price": [None if n % 9 == 0 else n / 4 for n in range(40)],
    }
)
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: bytes(pa.compress(data, "zstd", asbytes=True)),
}


def csv() -> bytes:
    return ROWS.write_csv(datetime_format="%Y-%m-%dT%H:%M:%S").encode()


def json_lines() -> bytes:
    return ROWS.with_columns(pl.col("time").dt.to_string("iso:strict")).write_ndjson().encode()


def parquet() -> bytes:
    stream = io.BytesIO()
    ROWS.write_parquet(stream)
    return stream.getvalue()


LAYOUTS = {"log.csv": csv, "log.jsonl": json_lines, "log.parquet": parquet}


def damaged(data: bytes, random: Random) -> bytes:
    """One to three things that happen to files, drawn by lot."""
    for _ in range(random.randint(1, 3)):
        data = random.choice(_DAMAGE)(data, random)
    return data


def _flipped(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))] if random.random() < 0.7 else data[random.randint(0, len(data)) :]


def _joined(data: bytes, random: Random) -> bytes:
    other = random.choice(list(LAYOUTS.values()))()
    return data + random.choice(list(PACKED.values()))(other)


def _inserted(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(_PIECES) * random.choice((1, 1, 2, 200)) + data[at:]


def _replaced(data: bytes, random: Random) -> bytes:
    return data.replace(random.choice(_PIECES) or b"\n", random.choice(_PIECES), random.choice((1, 3, -1)))


def _encoded(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1250", "utf-8-sig")), "replace")


def _ended(data: bytes, random: Random) -> bytes:
    return data.replace(b"\n", random.choice((b"\r", b"\r\n", b"\r\r\n", b"\n\n", b"\n\r", b"")))


_DAMAGE = (_flipped, _cut, _joined, _inserted, _replaced, _encoded, _ended)
_PIECES = (
    b"\0", b"\r", b"\n", b"\r\r\n", b'"', b"'", b",", b"::", b"\\", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", b"\x1a",
    b"{", b"[", b"]}",
    b"null", b"NaN", b"-Infinity", b"1e400", b"9" * 60, b"-9223372036854775808", b"\\ud800", b"\x80" * 9,
    "\u2028\x85\u0661".encode(), b"2024-01-01", b"T", b"PAR1", b"\x1f\x8b\x08", b"PK\x03\x04", b"", b"user", b"1",
)  # fmt: skip

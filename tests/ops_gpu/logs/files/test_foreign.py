from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from ops_gpu.logs import LogError, LogPlace, LogSource
from ops_gpu.logs.files.listing import list_files
from ops_gpu.logs.files.reader import read_file

FRAME = b"\x95\x03" + bytes(7)
"""Beginning of what a pickle holds from protocol 4 on."""
TEXT = b"u,i\n1,2\n"
TABLE = pa.table({"u": [1], "i": [2]})


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return stream.getvalue()


def tarred(packed: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{packed}") as archive:
        entry = tarfile.TarInfo("ratings.csv")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    return stream.getvalue()


def written(write: Callable[[pa.Table, io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    write(TABLE, stream)
    return stream.getvalue()


def database() -> bytes:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table t (u)")
        return connection.serialize()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.arange(3))
    return stream.getvalue()


STILL = "is compressed where it should hold plain data, .*; unpack it, or compress it once"


def streamed() -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return stream.getvalue()


def stata(version: int) -> bytes:
    stream = io.BytesIO()
    TABLE.to_pandas().to_stata(stream, version=version)
    return stream.getvalue()


FOREIGN: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip": (lambda: zipped("ratings.csv"), "is a zip archive, .*; unpack it"),
    "empty zip": (zipped, "is an empty zip archive"),
    "workbook": (lambda: zipped("[Content_Types].xml", "xl/workbook.xml"), "is an Excel workbook.*; export it as CSV"),
    "tar": (lambda: tarred(""), "is a tar archive, .*; unpack it"),
    "tar.gz": (lambda: tarred("gz"), "is a tar archive"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c\0\4", "is a 7-Zip archive"),
    "rar": (lambda: b"Rar!\x1a\x07\1\0", "is a RAR archive"),
    "lz4": (lambda: b"\x04\x22\x4d\x18\x40", "is compressed as LZ4"),
    "parquet": (lambda: written(pq.write_table), "is a Parquet file, .*; say format: parquet"),
    "feather": (lambda: written(pa.feather.write_feather), "is an Arrow file.*; write it as Parquet"),
    "feather 1": (lambda: b"FEA1\0\0\0\0", "is a Feather file"),
    "orc": (lambda: written(pa.orc.write_table), "is an ORC file"),
    "avro": (lambda: b"Obj\x01\x04\x14avro.codec", "is an Avro file"),
    "hdf5": (lambda: b"\x89HDF\r\n\x1a\n\0\0", "is an HDF5 file"),
    "numpy": (array, "is a NumPy array"),
    "sqlite": (database, "is an SQLite database"),
    "xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "is an old Office document"),
    "pdf": (lambda: b"%PDF-1.7\n", "is a PDF document"),
    "html": (lambda: b"\n<!DOCTYPE html><html>Please log in", "is a web page.*; it may be the error or the login"),
    "arrow stream": (streamed, "is an Arrow stream, .*; write it as Parquet"),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(TEXT * 9)), STILL),
    "xz in gzip": (lambda: gzip.compress(lzma.compress(TEXT * 9)), STILL),
    "bzip2 in xz": (lambda: lzma.compress(bz2.compress(TEXT * 9)), STILL),
    "lzma": (lambda: lzma.compress(TEXT, lzma.FORMAT_ALONE), "is compressed as LZMA"),
    "zlib": (lambda: zlib.compress(bytes(range(256)) * 9), "is compressed by zlib"),
    **{
        f"pickle {protocol}": (partial(bytes, b"\x80%c%b." % (protocol, start)), "is a pickled Python object")
        for protocol, start in {2: b"]q\0", 3: b"]q\0", 4: FRAME + b"]\x94", 5: FRAME + b"]\x94"}.items()
    },
    **{f"stata {version}": (partial(stata, version), "is a Stata file.*; export it as CSV") for version in (114, 118)},
    "rds": (lambda: b"X\n\0\0\0\3\0\4\3\1", "is an R file"),
    "rdata": (lambda: b"RDX3\nX\n\0\0\0\3", "is an R file"),
    "spss": (lambda: b"$FL2@(#) SPSS DATA FILE\0", "is an SPSS file"),
    "sas": (lambda: b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf", "is a SAS file"),
    "matlab": (lambda: b"MATLAB 5.0 MAT-file, Platform", "is a MATLAB file"),
    "java": (lambda: b"\xac\xed\x00\x05sr", "is a serialized Java object"),
    "duckdb": (lambda: b"\1\2\3\4\5\6\7\x08DUCK\0\0\0", "is a DuckDB database"),
    "png": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a PNG image"),
    "jpeg": (lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0", "is a JPEG image"),
    "gif": (lambda: b"GIF89a\1\0\1\0\0", "is a GIF image"),
    "elf": (lambda: b"\x7fELF\2\1\1\0", "is a program"),
    "xml": (lambda: b"<?xml version='1.0'?><a/>", "is an XML document"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.bin"])
def test_what_is_no_log_is_called_by_its_name(tmp_path: Path, kind: str, encoding: str, name: str) -> None:
    if kind == "parquet" and name == "x.parquet":
        return
    make, said = FOREIGN[kind]
    with pytest.raises(LogError, match=rf"{name}' {said}"):
        read(tmp_path / name, make() if name != "x.parquet" or kind != "tar.gz" else tarred(""), encoding=encoding)


@pytest.mark.parametrize(
    "first",
    ["ORCID", "FEA1", "BZhour", "PK", "LZIP", "Obj", "<u>", "GIF8", "PGDMP", "X", "RDX3", "x", "$FL", "12345678DUCK"],
)
def test_a_name_of_a_column_is_no_such_sign(tmp_path: Path, first: str) -> None:
    assert read(tmp_path / "x.csv", f"{first},u\n9,1\n".encode()) == [("1",)]


def test_what_r_compresses_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"x\.csv' is an R file"):
        read(tmp_path / "x.csv", gzip.compress(b"RDX3\nX\n\0\0\0\3", mtime=0))
    with pytest.raises(LogError, match=f"x.parquet' {STILL}"):
        read(tmp_path / "x.parquet", gzip.compress(TEXT, mtime=0))


def test_whole_streams_are_still_unpacked(tmp_path: Path) -> None:
    for packed in (gzip.compress(TEXT, mtime=0), bz2.compress(TEXT)):
        assert read(tmp_path / "x.csv", packed) == [("1",)]
    assert read(tmp_path / "x.csv", bz2.compress(b"")) == []


def read(path: Path, data: bytes, **settings: str) -> list[tuple[object, ...]]:
    path.write_bytes(data)
    source = LogSource(path.name, **settings)  # type: ignore[arg-type]
    (file,) = list_files(source, LogPlace(path.parent))
    return read_file(file, source, ["u"])[0].rows()

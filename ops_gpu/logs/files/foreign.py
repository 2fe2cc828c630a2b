"""Files that are something else than their source says: archives, workbooks, web pages, known by their first bytes."""

from __future__ import annotations

from typing import NamedTuple

from ops_gpu.logs.errors.log_error import LogError
from ops_gpu.logs.files.compression import is_compressed

_UNPACK = "unpack it"
_CSV = "export it as CSV or Parquet"
_TABLE = "export the table as CSV or Parquet"
_PARQUET = "write it as Parquet"
_LOOK = "correct the path, or leave the file out"
_REPACK = "unpack it, or compress it as gzip, bzip2, xz or zstd"


class _Kind(NamedTuple):
    """Files that begin with one of some signs; where a text may begin so, too, only if zero bytes follow."""

    name: str
    remedy: str
    signs: tuple[bytes, ...]
    or_text: bool = False


_STATA = tuple(bytes([version, order, 1, 0]) for version in range(113, 116) for order in (1, 2))
_KNOWN = (
    _Kind("a zip archive", _UNPACK, (b"PK\x03\x04",)),
    _Kind("an empty zip archive", _UNPACK, (b"PK\x05\x06",)),
    _Kind("a 7-Zip archive", _UNPACK, (b"7z\xbc\xaf\x27\x1c",)),
    _Kind("a RAR archive", _UNPACK, (b"Rar!\x1a\x07",)),
    _Kind("compressed as LZ4", _REPACK, (b"\x04\x22\x4d\x18",)),
    _Kind("compressed as Snappy", _REPACK, (b"\xff\x06\x00\x00sNaPpY",)),
    _Kind("compressed by compress (.Z)", _REPACK, (b"\x1f\x9d",)),
    _Kind("compressed as lzip", _REPACK, (b"LZIP",), or_text=True),
    _Kind("compressed as LZMA", _REPACK, (b"]\0\0",)),
    _Kind("compressed by zlib", _REPACK, (b"x\x9c", b"x\xda"), or_text=True),
    _Kind("a Parquet file", "say format: parquet, or let its name end in .parquet", (b"PAR1",)),
    _Kind("an Arrow file (Feather)", _PARQUET, (b"ARROW1\0\0",)),
    _Kind("an Arrow stream", _PARQUET, (b"\xff\xff\xff\xff",)),
    _Kind("a Feather file", _PARQUET, (b"FEA1",), or_text=True),
    _Kind("an ORC file", _PARQUET, (b"ORC",), or_text=True),
    _Kind("an Avro file", "write it as Parquet or JSON lines", (b"Obj\x01",)),
    _Kind("an HDF5 file", _PARQUET, (b"\x89HDF\r\n\x1a\n",)),
    _Kind("a NumPy array", _PARQUET, (b"\x93NUMPY",)),
    _Kind("a pickled Python object", _PARQUET, tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))),
    _Kind("a serialized Java object", _CSV, (b"\xac\xed\x00\x05",)),
    _Kind("a Stata file", _CSV, (b"<stata_dta>", *_STATA)),
    _Kind("an R file", _CSV, (b"RDX2\n", b"RDX3\n"), or_text=True),
    _Kind("an R file", _CSV, (b"X\n\0\0\0",)),
    _Kind("an SPSS file", _CSV, (b"$FL2@(#)", b"$FL3@(#)")),
    _Kind("a SAS file", _CSV, (b"\0" * 12 + b"\xc2\xea\x81\x60",)),
    _Kind("a MATLAB file", _CSV, (b"MATLAB 5.0 MAT-file",)),
    _Kind("a dump of PostgreSQL", _TABLE, (b"PGDMP",), or_text=True),
    _Kind("an SQLite database", _TABLE, (b"SQLite format 3\0",)),
    _Kind("an old Office document", _CSV, (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    _Kind("a PDF document", _CSV, (b"%PDF-",)),
    _Kind("an XML document", _CSV, (b"<?xml",)),
    _Kind("a PNG image", _LOOK, (b"\x89PNG\r\n\x1a\n",)),
    _Kind("a JPEG image", _LOOK, (b"\xff\xd8\xff",)),
    _Kind("a GIF image", _LOOK, (b"GIF8",), or_text=True),
    _Kind("a program", _LOOK, (b"\x7fELF",)),
)
_HEAD = 10  # bytes that tell a compressed stream
_PAGE = (b"<!doctype html", b"<html")


def require_declared(data: bytes, path: str) -> None:
    """Checks that text is none of the well-known kinds of other files.

    Args:
        data: the plain bytes of a file that is to be text.
        path: its name, for the message.

    Raises:
        LogError: says what it is, and what to do.
    """
    found = _kind(data)
    if found:
        raise LogError(f"'{path}' is {found[0]}, expected delimited text, JSON lines or Parquet; {found[1]}.")


def _kind(data: bytes) -> tuple[str, str] | None:
    if data.startswith(b"PK\x03\x04") and any(name in data[:4096] for name in (b"xl/", b"[Content_Types].xml")):
        return "an Excel workbook", _CSV
    if data[257:262] == b"ustar":
        return "a tar archive", _UNPACK
    if data[:256].lstrip().lower().startswith(_PAGE):
        return "a web page", "it may be the error or the login of a download: fetch the file again"
    if len(data) > _HEAD and is_compressed(data[:_HEAD]):
        remedy = "unpack it, or compress it once, and a Parquet file not at all"
        return "compressed where it should hold plain data", remedy
    if data[8:12] == b"DUCK" and b"\0" in data[:4096]:
        return "a DuckDB database", _TABLE
    for kind in _KNOWN:
        if data.startswith(kind.signs) and (not kind.or_text or b"\0" in data[:4096]):
            return kind.name, kind.remedy
    return None

"""Files that are something else than their source says: archives, workbooks, web pages, known by their first bytes."""

from __future__ import annotations

from ops_gpu.logs.compression import is_compressed
from ops_gpu.logs.errors import LogError

_UNPACK = "unpack it"
_CSV = "export it as CSV or Parquet"
_LOOK = "correct the path, or leave the file out"
_REPACK = "unpack it, or compress it as gzip, bzip2, xz or zstd"
_KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\x04\x22\x4d\x18", "compressed as LZ4", _REPACK),
    (b"\xff\x06\x00\x00sNaPpY", "compressed as Snappy", _REPACK),
    (b"\x1f\x9d", "compressed by compress (.Z)", _REPACK),
    (b"LZIP", "compressed as lzip", _REPACK),
    (b"PAR1", "a Parquet file", "say format: parquet, or let its name end in .parquet"),
    (b"ARROW1\0\0", "an Arrow file (Feather)", "write it as Parquet"),
    (b"FEA1", "a Feather file", "write it as Parquet"),
    (b"ORC", "an ORC file", "write it as Parquet"),
    (b"Obj\x01", "an Avro file", "write it as Parquet or JSON lines"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", "write it as Parquet"),
    (b"\xff\xff\xff\xff", "an Arrow stream", "write it as Parquet"),
    *((b"\x80" + bytes([protocol]), "a pickled Python object", "write it as Parquet") for protocol in range(2, 6)),
    (b"\xac\xed\x00\x05", "a serialized Java object", _CSV),
    (b"<stata_dta>", "a Stata file", _CSV),
    *((bytes([version, order, 1, 0]), "a Stata file", _CSV) for version in range(113, 116) for order in (1, 2)),
    (b"RDX2\n", "an R file", _CSV),
    (b"RDX3\n", "an R file", _CSV),
    (b"X\n\0\0\0", "an R file", _CSV),
    (b"$FL2@(#)", "an SPSS file", _CSV),
    (b"$FL3@(#)", "an SPSS file", _CSV),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file", _CSV),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file", _CSV),
    (b"PGDMP", "a dump of PostgreSQL", "export the table as CSV or Parquet"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", _LOOK),
    (b"\xff\xd8\xff", "a JPEG image", _LOOK),
    (b"GIF8", "a GIF image", _LOOK),
    (b"\x7fELF", "a program", _LOOK),
    (b"]\0\0", "compressed as LZMA", _REPACK),
    (b"x\x9c", "compressed by zlib", _REPACK),
    (b"x\xda", "compressed by zlib", _REPACK),
    (b"\x93NUMPY", "a NumPy array", "write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV or Parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _CSV),
    (b"%PDF-", "a PDF document", _CSV),
    (b"<?xml", "an XML document", _CSV),
)
_BINARY = (
    b"FEA1",
    b"ORC",
    b"LZIP",
    b"GIF8",
    b"PGDMP",
    b"RDX2\n",
    b"RDX3\n",
    b"x\x9c",
    b"x\xda",
)  # signs that a text may begin with, too
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
        return "a DuckDB database", "export the table as CSV or Parquet"
    for magic, name, remedy in _KNOWN:
        if data.startswith(magic) and (magic not in _BINARY or b"\0" in data[:4096]):
            return name, remedy
    return None

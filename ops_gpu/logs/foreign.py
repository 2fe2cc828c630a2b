"""Files that are something else than their source says: archives, workbooks, web pages, known by their first bytes."""

from __future__ import annotations

from ops_gpu.logs.errors import LogError

_UNPACK = "unpack it"
_CSV = "export it as CSV or Parquet"
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
    (b"\x93NUMPY", "a NumPy array", "write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database", "export the table as CSV or Parquet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", _CSV),
    (b"%PDF-", "a PDF document", _CSV),
    (b"<?xml", "an XML document", _CSV),
)
_BINARY = (b"FEA1", b"ORC", b"LZIP")  # signs that a text may begin with, too
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
    for magic, name, remedy in _KNOWN:
        if data.startswith(magic) and (magic not in _BINARY or b"\0" in data[:4096]):
            return name, remedy
    return None

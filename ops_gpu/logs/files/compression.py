"""Compressed files, told by their first bytes rather than by their names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

from ops_gpu.logs.errors.log_error import LogError, first_line

_NAMES = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}


def _zstd(data: bytes) -> bytes:
    import pyarrow as pa  # type: ignore[import-untyped]

    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        return bytes(stream.read())


_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # with which a bzip2 stream goes on after `BZh` and a digit
_MAGIC: tuple[tuple[bytes, str, Callable[[bytes], bytes]], ...] = (
    (b"\x1f\x8b", "gzip", gzip.decompress),
    (b"BZh", "bzip2", bz2.decompress),
    (b"\xfd7zXZ\x00", "xz", lzma.decompress),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
)


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins so is compressed."""
    return any(_begins(head, magic, name) for magic, name, _ in _MAGIC)


def _begins(data: bytes, magic: bytes, name: str) -> bool:
    return data.startswith(magic) and (name != "bzip2" or data[4:10] in _BLOCKS or len(data) < 10)


def decompress(data: bytes, path: str) -> bytes:
    """The plain content of a file that may be compressed.

    Args:
        data: the bytes of the file.
        path: its name, for messages and to notice a `.gz` that is none.

    Returns:
        The plain bytes; `data` itself when it is not compressed.

    Raises:
        LogError: when the content is cut off or damaged, or is not what the name says.
    """
    for magic, name, unpack in _MAGIC:
        if _begins(data, magic, name):
            try:
                return unpack(data)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
                raise LogError(
                    f"'{path}' is a damaged {name} file ({first_line(error)}); copy it here again."
                ) from error
    expected = next((name for suffix, name in _NAMES.items() if path.lower().endswith(suffix)), None)
    if expected and data:
        raise LogError(
            f"'{path}' is named as a {expected} file but holds other bytes ({data[:8]!r}); "
            f"rename it if it is plain, or copy it here again."
        )
    return data

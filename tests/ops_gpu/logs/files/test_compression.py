from __future__ import annotations

import bz2
import gzip
import lzma

import pytest

from ops_gpu.logs import LogError
from ops_gpu.logs.files.compression import decompress

TEXT = b"a,b\n1,2\n" * 100


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_the_first_bytes_tell_the_compression(pack: type[bytes]) -> None:
    assert decompress(pack(TEXT), "log.dat") == TEXT


def test_zstd_is_read() -> None:
    pa = pytest.importorskip("pyarrow")
    assert decompress(pa.compress(TEXT, codec="zstd", asbytes=True), "log.csv.zst") == TEXT


def test_several_gzip_members_are_one_file() -> None:
    assert decompress(gzip.compress(b"a\n") + gzip.compress(b"b\n"), "log.gz") == b"a\nb\n"


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:30] + b"\0" * 30])
def test_a_damaged_file_is_named(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(LogError, match=r"'log\.csv\.gz' is a damaged gzip file"):
        decompress(damage(gzip.compress(bytes(range(256)) * 50)), "log.csv.gz")


def test_a_name_that_lies_is_told() -> None:
    with pytest.raises(LogError, match="named as a gzip file but holds other bytes"):
        decompress(TEXT, "log.csv.gz")
    assert decompress(b"", "log.csv.gz") == b""

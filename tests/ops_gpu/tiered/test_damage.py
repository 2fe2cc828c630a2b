"""Ends without warning, and files that are not what they were."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops_gpu.tiered import KeyType, StoreError, StoreSettings, build_store, open_store
from tests.ops_gpu.tiered.stores import VECTOR, vectors

ROWS = 20_000
LEAST = StoreSettings(memory_bytes=8 << 20)
WRITER = """
import sys, numpy as np
from ops_gpu.tiered import StoreSettings, open_store
store = open_store(sys.argv[1], StoreSettings(memory_bytes=8 << 20), "write")
keys, number = np.arange(2000), 0
while True:
    number += 1
    store.upsert(keys, {"vector": np.full((2000, 4), number, np.float32), "count": np.full(2000, number)})
    print(number, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    keys = np.arange(ROWS)
    build_store(tmp_path / "store", KeyType.INT64, VECTOR, [(keys, vectors(keys))])
    return tmp_path / "store"


def test_a_writer_that_is_killed_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "store"
    build_store(path, KeyType.INT64, VECTOR, [], mutable=True)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        told = 0
        while told < 150:
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout.read().splitlines())])
    with open_store(path, LEAST, "write") as found:
        answer = found.read(np.arange(2000))
        versions = np.unique(np.asarray(answer.columns["count"]))
        assert answer.known.all() and len(versions) == 1 and versions[0] in (told, told + 1)
        assert (np.asarray(answer.columns["vector"]) == versions[0]).all()
        found.upsert([5], vectors([77]))
    with open_store(path, LEAST, "follow") as found:
        assert np.asarray(found.read([5]).columns["count"])[0] == 77


def test_a_build_that_fails_leaves_the_old_store(store: Path) -> None:
    def batches() -> Iterator[tuple[Any, Any]]:
        yield [1], vectors([1])
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        build_store(store, KeyType.INT64, VECTOR, batches())
    assert [path.name for path in store.parent.iterdir()] == ["store"]
    with open_store(store, LEAST) as found:
        assert found.read(np.arange(ROWS)).known.all()


def test_a_store_that_was_not_written_to_its_end_is_refused(store: Path) -> None:
    (store / "store.json").unlink()
    with pytest.raises(StoreError, match="not written to its end"):
        open_store(store)


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', "[1]"])
def test_a_damaged_description_is_refused(store: Path, text: str) -> None:
    (store / "store.json").write_text(text)
    with pytest.raises(StoreError, match=r"store\.json is damaged"):
        open_store(store)


def test_a_description_with_an_unknown_column_type_is_refused(store: Path) -> None:
    data = json.loads((store / "store.json").read_text())
    data["rows"]["columns"][0]["dtype"] = "|O"
    (store / "store.json").write_text(json.dumps(data))
    with pytest.raises(StoreError, match="damaged"):
        open_store(store)


def test_a_short_or_missing_file_is_named(store: Path) -> None:
    file = next(store.glob("*.sst"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    with pytest.raises(StoreError, match=rf"{file.name} has {len(whole) - 100} bytes"):
        open_store(store)
    file.unlink()
    with pytest.raises(StoreError, match=f"{file.name} is missing"):
        open_store(store)


@pytest.mark.parametrize("place", [0.02, 0.5, 0.999])
def test_changed_bytes_are_noticed_and_never_given(store: Path, place: float) -> None:
    file = next(store.glob("*.sst"))
    data = bytearray(file.read_bytes())
    at = int(len(data) * place)
    data[at : at + 20] = bytes(byte ^ 0xFF for byte in data[at : at + 20])
    file.write_bytes(data)
    keys, refused = np.arange(ROWS), 0
    try:
        found = open_store(store, LEAST)
    except StoreError:
        return
    with found:
        for part in np.array_split(keys, 200):
            try:
                answer = found.read(part)
            except StoreError as error:
                refused += 1
                assert "build it anew" in str(error)
                continue
            assert np.asarray(answer.columns["count"]).tolist() == part.tolist()
    assert 0 < refused < 10


def test_a_database_without_a_file_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    build_store(path, KeyType.INT64, VECTOR, [(np.arange(50), vectors(np.arange(50)))], mutable=True)
    next((path / "database").glob("*.sst")).unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path, LEAST, "write")
    (path / "database" / "CURRENT").unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(path, LEAST, "follow")


def test_a_closed_store_says_so(store: Path) -> None:
    found = open_store(store, LEAST)
    found.close()
    with pytest.raises(StoreError, match="closed"):
        found.read([1])

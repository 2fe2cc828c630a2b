"""Whatever happened to a file: the right rows, or the sentence of that file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import polars as pl
import pytest

from ops_gpu.logs import (
    EntityTable,
    InteractionLog,
    LogError,
    LogPlace,
    LogSource,
    days_of_files,
    decide_id_types,
    read_interactions,
    read_items,
)
from tests.ops_gpu.logs.damage import LAYOUTS, PACKED, ROWS, damaged

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252")
ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "crcrlf": "\r\r\n"}
WANTED = ROWS.select(user_id="user", item_id="item", timestamp="time")


def log_of(name: str, **settings: object) -> InteractionLog:
    source = LogSource(name, **settings)  # type: ignore[arg-type]
    return InteractionLog(source, "user", "item", "time", label="\"user\" <> 'u3'", continuous=["price"])


def read(folder: Path, name: str, **settings: object) -> pl.DataFrame:
    """All that the assets do with a file."""
    log, place = log_of(name, **settings), LogPlace(folder)
    ids = decide_id_types(log, place)
    frame = read_interactions(log, place, ids).frame
    table = EntityTable(log.source, id="item", available="price > 1", categorical=["user"], lists=["time"])
    items = read_items(table, log, place, ids).frame
    assert set(frame["item_id"]) <= set(items["item_id"])
    (days,) = days_of_files(log, place).values()
    if days.error:
        raise LogError(days.error)
    assert set(frame["timestamp"].dt.date()) <= set(days.days)
    return frame


WHOLE = [("log.parquet", ""), *((name, packed) for name in ("log.csv", "log.jsonl") for packed in PACKED)]


@pytest.mark.parametrize(("name", "packed"), WHOLE, ids=[name + packed for name, packed in WHOLE])
def test_what_is_whole_gives_its_rows(tmp_path: Path, name: str, packed: str) -> None:
    (tmp_path / (name + packed)).write_bytes(PACKED[packed](LAYOUTS[name]()))
    found = read(tmp_path, name + packed)
    assert found.select(WANTED.columns).equals(WANTED)
    assert found["price"].equals(ROWS["price"])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ENDS)
def test_any_encoding_and_any_line_end_give_the_same_rows(tmp_path: Path, encoding: str, end: str) -> None:
    text = LAYOUTS["log.csv"]().decode().replace("\n", ENDS[end])
    (tmp_path / "log.csv").write_bytes(text.encode(encoding))
    assert read(tmp_path, "log.csv", encoding=encoding).select(WANTED.columns).equals(WANTED)


@pytest.mark.parametrize("packed", [".gz", ".xz", ".zst", ".bz2"])
def test_packed_parts_one_after_the_other_are_one_file(tmp_path: Path, packed: str) -> None:
    data = LAYOUTS["log.jsonl"]()
    middle = data.index(b"\n") + 1
    (tmp_path / f"log.jsonl{packed}").write_bytes(PACKED[packed](data[:middle]) + PACKED[packed](data[middle:]))
    assert read(tmp_path, f"log.jsonl{packed}").select(WANTED.columns).equals(WANTED)


def outcome(folder: Path, seed: int) -> str:
    """What becomes of one damaged file; anything but rows and a sentence is raised."""
    random = Random(seed)
    name = random.choice(list(LAYOUTS))
    packed = random.choice(list(PACKED)) if name != "log.parquet" else ""
    data = LAYOUTS[name]()
    data = damaged(PACKED[packed](data), random) if random.random() < 0.3 else PACKED[packed](damaged(data, random))
    file = folder / (name + packed)
    file.write_bytes(data)
    settings = {"encoding": random.choice(ENCODINGS)} if name == "log.csv" and random.random() < 0.3 else {}
    try:
        frame = read(folder, file.name, **settings)
    except LogError as error:
        sentence = str(error)
        assert str(file) in sentence, sentence
        assert sentence.endswith("."), sentence
        assert sentence.isprintable(), sentence
        return "told"
    finally:
        file.unlink()
    assert frame.columns == ["user_id", "item_id", "timestamp", "label", "price"]
    assert frame["timestamp"].dtype == pl.Datetime("us")
    assert frame.select("user_id", "item_id", "timestamp", "label").null_count().sum_horizontal().item() == 0
    assert not frame["price"].is_infinite().any()
    return "rows"


def run(folder: Path, seeds: range) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in seeds:
        try:
            found[outcome(folder, seed)] += 1
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    return found


def test_a_damaged_file_gives_rows_or_a_sentence(tmp_path: Path) -> None:
    found = run(tmp_path, range(400))
    assert min(found["rows"], found["told"]) > 40, found


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_many_damaged_files_give_rows_or_a_sentence(tmp_path: Path, part: int) -> None:
    run(tmp_path, range(1_000 + part * 2_000, 1_000 + (part + 1) * 2_000))

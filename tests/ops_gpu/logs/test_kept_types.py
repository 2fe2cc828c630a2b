from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from ops_gpu.logs import InteractionLog, LogPlace, LogSource, decide_id_types, read_interactions
from ops_gpu.logs.kept_types import decide_kept_types
from ops_gpu.logs.values.identifiers import IdTypes

LOG = InteractionLog(LogSource("*.jsonl"), "u", "i", "t", categorical=["k"], continuous=["n"])


def day(folder: Path, number: int, values: list[object]) -> None:
    rows = [{"u": 1, "i": at, "t": f"2024-01-0{number} 10:00", "k": v, "n": None} for at, v in enumerate(values)]
    (folder / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


CASES = {
    "integers and nothing": ([[1, 2], [3], [None]], "integer"),
    "integers and fractions of pandas": ([[1], [2.0, None]], "integer"),
    "fractions alone": ([[1.0], [2.0]], "string"),
    "integers and halves": ([[1], [2.5]], "string"),
    "integers and text": ([[1], ["a"]], "string"),
    "nothing": ([[None], [None]], "string"),
    "too long": ([[2**63], [1]], "string"),
    "truth values": ([[True], [False]], "string"),
}


@pytest.mark.parametrize(("days", "kind"), CASES.values(), ids=CASES.keys())
def test_a_kept_column_has_one_type_over_all_days(tmp_path: Path, days: list[list[object]], kind: str) -> None:
    for number, values in enumerate(days, 1):
        day(tmp_path, number, values)
    ids = decide_id_types(LOG, LogPlace(tmp_path))
    assert ids.kept == {"k": kind}
    assert IdTypes.from_dict(json.loads(json.dumps(ids.to_dict()))) == ids
    found = []
    for number in range(1, len(days) + 1):
        alone = InteractionLog(LogSource(f"{number}.jsonl"), "u", "i", "t", categorical=["k"], continuous=["n"])
        found.append(read_interactions(alone, LogPlace(tmp_path), ids).frame)
    found.append(read_interactions(LOG, LogPlace(tmp_path), ids, days=[]).frame)
    schemas = {str(frame.schema) for frame in found}
    assert len(schemas) == 1, schemas
    joined = pl.concat(found)
    assert joined.height == sum(map(len, days))
    assert joined["k"].null_count() == sum(value is None for values in days for value in values)


def test_what_is_later_of_another_kind_is_counted(tmp_path: Path) -> None:
    day(tmp_path, 1, [1, 2])
    ids = decide_id_types(LOG, LogPlace(tmp_path))
    day(tmp_path, 1, [1, 2.5])
    found = read_interactions(LOG, LogPlace(tmp_path), ids)
    assert found.frame["k"].to_list() == [1, None]
    assert found.report.unreadable_values == {"k": 1}


def test_a_file_that_cannot_be_read_has_no_vote(tmp_path: Path) -> None:
    day(tmp_path, 1, [1, 2])
    (tmp_path / "2.jsonl").write_text("nonsense")
    assert decide_kept_types(LOG, LogPlace(tmp_path)) == {"k": "integer"}


def test_lists_in_one_file_have_no_vote(tmp_path: Path) -> None:
    day(tmp_path, 1, [1, 2])
    day(tmp_path, 2, [[3]])
    assert decide_kept_types(LOG, LogPlace(tmp_path)) == {"k": "integer"}

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ops_gpu.logs import EntityTable, IdTypes, InteractionLog, LogError, LogPlace, LogSource, decide_id_types


def the_log(**settings: Any) -> InteractionLog:
    return InteractionLog(LogSource("log.csv"), user="u", item="i", time="t", **settings)


@pytest.fixture
def place(tmp_path: Path) -> LogPlace:
    (tmp_path / "log.csv").write_text("u,i,t,n\n1,10,1,1\n2,011,1,1\nx,12,1,0\n")
    (tmp_path / "users.csv").write_text("id\n1\n2\n")
    (tmp_path / "strange.csv").write_text("id\nu1\n")
    return LogPlace(tmp_path)


def test_every_file_votes(place: LogPlace) -> None:
    assert decide_id_types(the_log(filters="n > 0"), place) == IdTypes("integer", "string")
    users = EntityTable(LogSource("strange.csv"), id="id")
    assert decide_id_types(the_log(filters="n > 0"), place, users=users).user == "string"


def test_rows_that_are_filtered_do_not_vote(place: LogPlace) -> None:
    assert decide_id_types(the_log(), place).user == "string"


def test_what_is_declared_holds(place: LogPlace) -> None:
    log = the_log(user_id_type="integer", item_id_type="string")
    assert decide_id_types(log, LogPlace(Path("nowhere"))) == IdTypes("integer", "string")


def test_tables_that_contradict_the_log_are_told(place: LogPlace) -> None:
    pl.DataFrame({"id": [1, 2]}).write_parquet(Path(place.base) / "users.parquet")
    users = EntityTable(LogSource("users.parquet"), id="id")
    with pytest.raises(LogError, match=r"users\.parquet' holds user ids as integers, but .*log\.csv' holds 'x'"):
        decide_id_types(the_log(), place, users=users)


def test_a_file_that_cannot_be_read_has_no_vote(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,i,t\n1,2,2024-01-01\n")
    (tmp_path / "b.csv").write_text("something else\n")
    log = InteractionLog(LogSource("*.csv"), "u", "i", "t")
    assert decide_id_types(log, LogPlace(tmp_path)) == IdTypes("integer", "integer")
    (tmp_path / "a.csv").unlink()
    with pytest.raises(LogError, match=r"b\.csv' has no column 'u'"):
        decide_id_types(log, LogPlace(tmp_path))

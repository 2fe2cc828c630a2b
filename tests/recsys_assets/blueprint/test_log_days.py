from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ops_gpu.logs import InteractionLog, LogError, LogPlace, LogSource
from ops_gpu.logs.files import reader
from recsys_assets.blueprint.log_days import LogDays
from tests.conftest import write_day

LOG = InteractionLog(LogSource("logs/*.csv"), user="user", item="item", time="time")


def look(shop: Path) -> LogDays:
    return LogDays.look(LOG, LogPlace(shop), shop / "memory.json")


def test_span_and_days(shop: Path) -> None:
    found = look(shop)
    assert found.span("logs") == (date(2024, 1, 1), date(2024, 1, 3))
    assert len(found.days) == 3


def test_files_are_opened_once(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look(shop)
    opened: list[str] = []
    real = reader.read_part
    monkeypatch.setattr(reader, "read_part", lambda file, *rest: opened.append(file.path) or real(file, *rest))
    write_day(shop, date(2024, 1, 9))
    assert date(2024, 1, 9) in look(shop).days
    assert [Path(path).name for path in opened] == ["2024-01-09.csv"]


def test_another_time_column_is_looked_at_anew(shop: Path) -> None:
    look(shop)
    other = InteractionLog(LogSource("logs/*.csv"), user="user", item="item", time="when")
    with pytest.raises(LogError, match="when"):
        LogDays.look(other, LogPlace(shop), shop / "memory.json").span("logs")


def test_a_damaged_memory_costs_only_time(shop: Path) -> None:
    (shop / "memory.json").write_text("{")
    assert len(look(shop).days) == 3


def test_a_broken_file_does_not_hide_the_others(shop: Path) -> None:
    (shop / "logs" / "2024-01-04.csv").write_text("user;item\n1;2\n")
    assert look(shop).span("logs") == (date(2024, 1, 1), date(2024, 1, 3))


def test_what_an_older_version_found_wrong_is_looked_at_anew(shop: Path) -> None:
    look(shop)
    memory = shop / "memory.json"
    kept = json.loads(memory.read_text())
    for entry in kept["files"].values():
        entry |= {"days": [], "error": "cannot be read"}
    memory.write_text(json.dumps(kept | {"log": repr(LOG)}))  # as it was noted before readings had numbers
    assert len(look(shop).days) == 3

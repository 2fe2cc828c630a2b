from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from serving.decisions import writer as decision_log
from serving.decisions.files import decision_files
from serving.decisions.reader import find_request, newest_decisions, read_decisions, recent_users
from serving.decisions.served_day import ServedDay
from serving.decisions.served_summary import ServedSummary
from serving.decisions.trace import Trace, bit_names
from serving.decisions.writer import DecisionLog, LogSettings
from serving.ensemble.ensemble import Ensemble
from serving.release.release import Release
from serving.request.columns import Columns, ragged
from serving.request.request import complete
from tests.serving.toys import toy_release

Make = Callable[..., DecisionLog]
NOTES = {"release": "a" * 64, "bits": '{"source": {}, "reason": {}}'}


@pytest.fixture(scope="module", params=["int64", "string"])
def release(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return toy_release(tmp_path_factory.mktemp("toy"), dtype=request.param)


@pytest.fixture(scope="module")
def ensemble(release: Release) -> Ensemble:
    return Ensemble.of(release)


@pytest.fixture
def make(release: Release, ensemble: Ensemble, tmp_path: Path) -> Make:
    def made(**settings: Any) -> DecisionLog:
        return DecisionLog(LogSettings(tmp_path, **settings), release, Trace(ensemble), bit_names(ensemble))

    return made


def users(ensemble: Ensemble, *numbers: int) -> Columns:
    ids = (
        np.array(numbers) if ensemble.inputs["user_id"].dtype == "int64" else np.array([f"u{n}" for n in numbers], "S")
    )
    return complete({"user_id": ids, "k": np.full(len(ids), 5, np.int32)}, ensemble.inputs)


def asked(log: DecisionLog, ensemble: Ensemble, numbers: list[int], requests: dict[str, int]) -> Columns:
    batch = users(ensemble, *numbers)
    answer = ensemble.answer(batch)
    log.record(list(requests), list(requests.values()), batch, answer)
    return answer.columns


def plain(columns: Columns, name: str) -> list[list[Any]]:
    lists = ragged(columns, name)
    rows = [lists[row].tolist() for row in range(len(lists))]
    return [[v.decode() if isinstance(v, bytes) else v for v in row] for row in rows]


def test_rows_are_what_was_answered(make: Make, ensemble: Ensemble, tmp_path: Path, release: Release) -> None:
    log = make()
    first = asked(log, ensemble, [100, 101, 12345678], {"a": 2, "b": 1})
    second = asked(log, ensemble, [7], {"c": 1})  # ids and lists of other widths
    log.flush()
    rows = read_decisions(tmp_path)
    assert rows.select("request", "row").rows() == [("a", 0), ("a", 1), ("b", 0), ("c", 0)]
    assert rows["item"].to_list() == plain(first, "item_id") + plain(second, "item_id")
    assert rows["score"].to_list() == plain(first, "score") + plain(second, "score")
    assert set(rows["release"]) == {release.hash}
    assert (datetime.now(UTC) - rows["time"].min()) < timedelta(minutes=1)  # type: ignore[operator]
    reasons = bit_names(ensemble)["reason"]
    for row in rows.head(2).iter_rows(named=True):
        assert set(row["removed_item"]) < set(row["retrieved_item"])
        assert set(row["scored_item"]) == set(row["retrieved_item"]) - set(row["removed_item"])
        assert set(row["item"]) <= set(row["scored_item"])
        assert all(0 < reason <= sum(reasons.values()) for reason in row["removed_reason"])
        assert row["propensity"] == [1.0] * len(row["item"])
    assert (log.logged, log.dropped) == (4, 0)
    assert find_request(tmp_path, "b")[0]["item"].to_list() == plain(first, "item_id")[2:]
    with pytest.raises(LookupError, match="No request 'd' is in"):
        find_request(tmp_path, "d")


def test_requests_of_one_id_are_decisions_each(make: Make, ensemble: Ensemble, tmp_path: Path) -> None:
    """In one pass, in one moment, in two processes of one release, in files that are being joined."""
    batch, lists = users(ensemble, 100, 101, 100, 7), []
    logs = (make(), make())
    moment = time.time_ns()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(decision_log.time, "time_ns", lambda: moment)
        for log in (*logs, logs[0]):
            answer = ensemble.answer(batch)
            log.record(["same", "same", "other"], [1, 1, 2], batch, answer)
            lists += plain(answer.columns, "item_id")
    for log in logs:
        log.flush()
    day = decision_files(tmp_path)[0].parent
    pl.read_parquet(decision_files(tmp_path)).write_parquet(day / "joined.parquet", metadata=NOTES)
    rows = read_decisions(tmp_path)
    assert rows.height == 12 and sorted(rows["item"].to_list()) == sorted(lists)
    found, _ = find_request(tmp_path, "same")
    assert sorted(found["item"].to_list()) == sorted(row for start in (0, 4, 8) for row in lists[start : start + 2])
    assert found["row"].to_list() == [0] * 6 and found["decision"].n_unique() == 6
    (newest,) = list(newest_decisions(tmp_path, 12))[:1]
    assert newest.select("request", "decision", "row").is_duplicated().sum() == 0
    served = ServedDay.read(tmp_path, date.fromisoformat(day.name.removeprefix("day=")))
    assert served.decisions.height == 12 and served.added_to(served).decisions.height == 12
    assert ServedSummary.of(served.decisions, served.bits).requests == 9


def test_decisions_of_earlier_versions_are_read_with_those_of_this_one(
    make: Make, ensemble: Ensemble, tmp_path: Path
) -> None:
    log = make()
    asked(log, ensemble, [100, 101], {"a": 2})
    log.flush()
    (path,) = decision_files(tmp_path)
    day = date.fromisoformat(path.parent.name.removeprefix("day="))
    old, notes = pl.read_parquet(path).drop("decision"), pl.read_parquet_metadata(path)
    old.write_parquet(path, metadata={name: notes[name] for name in ("release", "bits")})
    kept = ServedDay.read(tmp_path, day)
    asked(log, ensemble, [102], {"b": 1})
    log.flush()
    assert read_decisions(tmp_path)["request"].to_list() == ["a", "a", "b"]
    assert find_request(tmp_path, "a")[0]["row"].to_list() == [0, 1]
    assert ServedDay.read(tmp_path, day).added_to(kept).decisions["request"].to_list() == ["a", "a", "b"]


def test_a_request_of_two_releases_keeps_the_bits_of_each(
    release: Release, ensemble: Ensemble, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dtype = ensemble.inputs["user_id"].dtype
    challenger = toy_release(tmp_path_factory.mktemp("candidate"), dtype=dtype, seed=1)
    names = {release.hash: bit_names(ensemble), challenger.hash: {"source": {"new": 1}, "reason": {"sold": 2}}}
    for answering, numbers in ((release, [100, 101]), (challenger, [102])):  # a canary took one of three users
        graph = Ensemble.of(answering)
        log = DecisionLog(LogSettings(tmp_path), answering, Trace(graph), names[answering.hash])
        asked(log, graph, numbers, {"shared": len(numbers)})
        asked(log, graph, [7], {f"alone-{answering.hash}": 1})
        log.flush()
    rows, bits = find_request(tmp_path, "shared")
    assert bits == names
    wanted = [(release.hash, 0, 100), (release.hash, 1, 101), (challenger.hash, 0, 102)]
    mine = ((found, row, int(str(user).strip("u"))) for found, row, user in rows["release", "row", "user_id"].rows())
    assert list(mine) == sorted(wanted)
    assert find_request(tmp_path, f"alone-{release.hash}")[1] == {release.hash: names[release.hash]}


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.5, 60, 140), (1.0, 200, 200)])
def test_a_share_of_requests_is_logged(
    make: Make, ensemble: Ensemble, tmp_path: Path, rate: float, least: int, most: int
) -> None:
    log = make(rate=rate)
    for number in range(100):  # two requests share a pass
        asked(log, ensemble, [100, 101], {f"{number}a": 1, f"{number}b": 1})
    log.flush()
    assert least <= log.logged <= most
    assert log.dropped == 0
    if log.logged:
        rows = read_decisions(tmp_path)
        mine = pl.Series([100, 101]).cast(pl.String)
        wanted = pl.when(pl.col("request").str.ends_with("a")).then(pl.lit(mine[0])).otherwise(pl.lit(mine[1]))
        assert rows.select((pl.col("user_id").cast(pl.String).str.strip_prefix("u") == wanted).all()).item()
    else:
        assert decision_files(tmp_path) == []


def test_a_full_disk_loses_rows_and_nothing_else(
    make: Make, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = make()
    asked(log, ensemble, [100, 101], {"lost": 2})

    def full(self: pl.DataFrame, path: Path, **_: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(pl.DataFrame, "write_parquet", full)
        log.flush()
    assert (log.logged, log.dropped) == (0, 2)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    asked(log, ensemble, [102], {"kept": 1})
    log.flush()
    assert (log.logged, log.dropped) == (1, 2)
    assert read_decisions(tmp_path)["request"].to_list() == ["kept"]


def test_what_was_gathered_in_parts_is_written_as_one(make: Make, ensemble: Ensemble, tmp_path: Path) -> None:
    log = make()
    lists: list[list[Any]] = []
    for number in range(6):  # several passes a part, of several widths
        lists += plain(
            asked(log, ensemble, [100 + number, *[7] * (number % 2)], {f"r{number}": 1 + number % 2}), "item_id"
        )
        if number in (0, 3):
            log.gather()
    log.gather()
    log.gather()  # nothing has come since
    assert decision_files(tmp_path) == [] and log.logged == 0
    log.flush()
    rows = read_decisions(tmp_path)
    assert rows["item"].to_list() == lists
    assert rows["request"].to_list() == ["r0", "r1", "r1", "r2", "r3", "r3", "r4", "r5", "r5"]
    assert rows["time"].is_sorted()


def test_what_cannot_be_gathered_is_lost_and_nothing_else(
    make: Make, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Trace, parts: object) -> None:
        raise MemoryError("no room")

    log = make()
    with monkeypatch.context() as patched:
        patched.setattr(Trace, "joined", broken)
        for number in range(2):
            asked(log, ensemble, [100, 101], {f"lost{number}": 2})
        log.gather()
    assert (log.logged, log.dropped, log._recorded - log._taken) == (0, 4, 0)
    assert "2 requests of" in caplog.text and "no room" in caplog.text
    asked(log, ensemble, [102], {"kept": 1})
    log.flush()
    assert read_decisions(tmp_path)["request"].to_list() == ["kept"]


def test_small_files_are_joined_without_losing_a_row(
    make: Make, ensemble: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision_log, "SMALL_FILES", 3)
    log = make()
    counts = []
    for number in range(11):
        asked(log, ensemble, [100 + number], {f"r{number}": 1})
        log.flush()
        counts.append(len(decision_files(tmp_path)))
    assert counts == [1, 2, 1, 2, 3, 2, 3, 4, 1, 2, 3]
    rows = read_decisions(tmp_path)
    assert rows["request"].to_list() == [f"r{number}" for number in range(11)]
    assert list(find_request(tmp_path, "r2")[1].values()) == [bit_names(ensemble)]  # notes are joined too
    monkeypatch.setattr(decision_log, "LARGE_FILE", 1)
    asked(log, ensemble, [100], {"r11": 1})
    log.flush()
    assert len(decision_files(tmp_path)) == 4
    assert (read_decisions(tmp_path).height, log.logged, log.dropped) == (12, 12, 0)


def test_what_waits_is_bounded(make: Make, ensemble: Ensemble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_log, "MOST_WAITING", 4)
    log = make()
    for number in range(5):
        asked(log, ensemble, [100, 101], {f"r{number}": 2})
    log.flush()
    assert (log.logged, log.dropped) == (4, 6)
    asked(log, ensemble, [100], {"again": 1})
    log.flush()
    assert (log.logged, log.dropped) == (5, 6)


def test_old_days_are_deleted(make: Make, ensemble: Ensemble, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    days = {name: tmp_path / place / f"day={today - timedelta(days=age)}" for name, place, age in (
        ("kept", "", 2), ("old", "", 3), ("compared", "shadow", 3))}  # fmt: skip
    for folder in days.values():
        folder.mkdir(parents=True)
        (folder / "x.txt").touch()
    log = make(keep_days=2)
    asked(log, ensemble, [100], {"now": 1})
    log.flush()
    assert {name: folder.exists() for name, folder in days.items()} == {"kept": True, "old": False, "compared": False}


def test_tests_are_left_out_unless_asked_for(make: Make, ensemble: Ensemble, tmp_path: Path) -> None:
    log = make()
    for number, request in enumerate(["a", "test-smoke", "b", "test-load"]):
        asked(log, ensemble, [100 + number, 200], {request: 2})
        log.flush()
    assert read_decisions(tmp_path)["request"].to_list() == ["a", "a", "b", "b"]
    assert read_decisions(tmp_path, tests=True).height == 8
    newest = list(newest_decisions(tmp_path, 3))
    assert [frame["request"].to_list() for frame in newest] == [["b", "b"], ["a"]]
    assert sum(frame.height for frame in newest_decisions(tmp_path, 99, tests=True)) == 8
    today = datetime.now(UTC).date()
    assert read_decisions(tmp_path, today).height == 4
    with pytest.raises(FileNotFoundError, match=r"no decisions in .* of 2020-01-02"):
        read_decisions(tmp_path, date(2020, 1, 2))
    found = {str(user).removeprefix("u") for user in recent_users(tmp_path, 10)}
    assert found == {"100", "102", "200"}
    assert len(recent_users(tmp_path, 2)) == 2


def test_a_missing_or_damaged_log_stops_no_deployment(make: Make, ensemble: Ensemble, tmp_path: Path) -> None:
    assert recent_users(None, 5) == []
    assert recent_users(tmp_path / "nowhere", 5) == []
    log = make()
    asked(log, ensemble, [100], {"a": 1})
    log.flush()
    (tmp_path / f"day={datetime.now(UTC).date()}" / "9-damaged.parquet").write_bytes(b"PAR1 not at all")
    assert recent_users(tmp_path, 5) == []


@pytest.mark.parametrize(
    "damage", [b"", b"PAR1 not at all", None, "schema"], ids=["empty", "nonsense", "cut", "schema"]
)
def test_a_damaged_file_is_named(make: Make, ensemble: Ensemble, tmp_path: Path, damage: bytes | str | None) -> None:
    log = make()
    asked(log, ensemble, [100], {"a": 1})
    log.flush()
    good = decision_files(tmp_path)[0]
    bad = good.with_name("9-damaged.parquet")
    whole = good.read_bytes()
    if damage == "schema":  # Arrow's own, in the notes of the file
        start = whole.rindex(b"ARROW:schema") + 40
        damage = whole[:start] + b"#" * 40 + whole[start + 40 :]
    bad.write_bytes(whole[:-100] if damage is None else damage)  # type: ignore[arg-type]
    for read in (read_decisions, lambda folder: list(newest_decisions(folder, 5)), lambda f: find_request(f, "a")):
        with pytest.raises(ValueError, match=r"9-damaged\.parquet is damaged, expected decisions as Parquet .*move it"):
            read(tmp_path)
    bad.unlink()
    assert read_decisions(tmp_path).height == 1

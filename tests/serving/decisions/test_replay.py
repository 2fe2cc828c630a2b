"""Logged decisions, answered again: by the release that made them, and by another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ops_gpu.schema.schema import Schema
from serving.decisions.item_path import item_path
from serving.decisions.reader import Bits, find_request, newest_decisions, read_decisions
from serving.decisions.replay import answer_again, comparison, replay, reproduced
from serving.decisions.trace import Trace, bit_names
from serving.decisions.writer import DecisionLog, LogSettings
from serving.ensemble.ensemble import Ensemble
from serving.operators.features.query_feast import QueryFeast
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from serving.request.columns import Columns, ragged
from serving.request.request import complete
from serving.request.seed import seeded
from serving.rules.list_rules import ListRules
from serving.rules.ordering_config import OrderingConfig, Sampling
from tests.serving.whole_release import NAME, Whole, whole_release

USERS = np.array([3, 99, 7, -5, 12, 0, 1, 2])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def whole(root: Path) -> Whole:
    return whole_release(root, two_tower=12, popular=9, co_occurrence=10)


def sampling(root: Path, whole: Whole, temperature: float) -> Release:
    """The same models, with lists that are drawn."""
    raw = Schema.from_dict(next(o for o in Ensemble.of(whole.release).operators if isinstance(o, QueryFeast)).features)
    place = root / "sampling"
    feast = QueryFeast(f"../../../feast/{NAME}", raw.to_dict())
    types = {"user": "int64", "item": "int64"}
    rules = ListRules(ordering=OrderingConfig(softmax_sampling=Sampling(temperature)))
    whole.parts.write(place, ["user_id"] >> feast, raw, types, rules)
    return Release.write(place, root / "releases", NAME, ReleaseMetadata())


@pytest.fixture(scope="module", params=[0.0, 0.7])
def release(request: pytest.FixtureRequest, root: Path, whole: Whole) -> Release:
    return sampling(root, whole, request.param) if request.param else whole.release


@pytest.fixture(scope="module")
def ensemble(release: Release) -> Ensemble:
    return Ensemble.of(release)


@pytest.fixture(scope="module")
def logged(ensemble: Ensemble, release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One pass of plain users, and one of users with events."""
    folder = tmp_path_factory.mktemp("log")
    log = DecisionLog(LogSettings(folder), release, Trace(ensemble), bit_names(ensemble))
    k = np.array([5, 4, 60, 1, 2, 9, 9, 9], np.int32)
    events = np.full((8, 3), np.iinfo(np.int64).min)
    events[1] = [1001, 1002, 1003]
    events[4, 0] = 1010
    for request, more in (("plain", {}), ("events", {"event_item": events})):
        batch = seeded(complete({"user_id": USERS, "k": k, **more}, ensemble.inputs))
        log.record([request], [8], batch, ensemble.answer(batch))
    log.flush()
    return folder


def test_each_answer_is_given_again(logged: Path, ensemble: Ensemble) -> None:
    rows = read_decisions(logged)
    assert rows.height == 16
    found = replay(rows, ensemble)
    assert found.read_anew == ()
    assert found.lists["item"].to_list() == rows["item"].to_list()
    for (_, row), again in zip(enumerate(rows.iter_slices(1)), found.lists["score"].to_list(), strict=True):
        assert row["score"][0].to_list() == pytest.approx(again, rel=1e-6, abs=1e-7)
        answer, _ = answer_again(row, ensemble)  # alone as well
        difference = reproduced(row, answer)
        assert difference is not None and difference < 1e-5
    segment = pl.Series(["a", "b"] * 8)
    compared = comparison(rows, found.lists, segment)
    assert compared["segment"].to_list() == ["all", "a", "b"]
    assert compared["requests"].to_list() == [16, 8, 8]
    assert compared["overlap"].to_list() == pytest.approx([1.0] * 3)
    assert compared["same_first"].to_list() == pytest.approx([1.0] * 3)


def test_lists_that_were_empty_do_not_count_as_different() -> None:
    logged = pl.DataFrame({"item": [[1, 2], [], [3, 4], []], "score": [[1.0, 0.5], [], [1.0, 0.5], []]})
    again = pl.DataFrame(
        {"item": [[1, 2], [], [4], [9]], "score": [[1.0, 0.5], [], [1.0], [1.0]], "milliseconds": [1.0] * 4}
    )
    found = comparison(logged, again, pl.Series(["a", "b", "a", "b"]))
    assert found["segment"].to_list() == ["all", "a", "b"]
    assert found["overlap"].to_list() == [0.75, 0.75, None] and found["same_first"].to_list() == [0.5, 0.5, None]
    assert found["empty_then"].to_list() == [0.5, 0.0, 1.0] and found["empty_now"].to_list() == [0.25, 0.0, 0.5]


def test_another_list_is_told(logged: Path, ensemble: Ensemble) -> None:
    rows = read_decisions(logged).filter(request="plain")
    answer, _ = answer_again(rows, ensemble)
    assert reproduced(rows.with_columns(pl.col("item").list.reverse()), answer) is None
    assert reproduced(rows.with_columns(pl.col("item", "score").list.head(1)), answer) is None
    other = reproduced(rows.with_columns(pl.col("score").list.eval(pl.element() * 1.5)), answer)
    assert other == pytest.approx(1 / 3, rel=1e-4)


def test_features_that_were_not_logged_are_read_anew_and_said(logged: Path, ensemble: Ensemble) -> None:
    rows = read_decisions(logged)
    found = replay(rows.drop("user_age"), ensemble)
    assert found.read_anew == ("age",)
    assert found.lists["item"].to_list() == rows["item"].to_list()  # the store has not changed


def test_logs_of_several_releases_are_replayed_together(logged: Path, ensemble: Ensemble) -> None:
    rows = read_decisions(logged)
    older = rows.drop("user_age", "request_event_item", "request_event_time", "request_event_positive").filter(
        request="plain"
    )
    both = pl.concat([rows, older.with_columns(release=pl.lit("older"))], how="diagonal_relaxed").sort("row")
    found = replay(both, ensemble)
    assert found.read_anew == ("age",)
    assert found.lists["item"].to_list() == both["item"].to_list()


def test_events_make_a_stranger_known(logged: Path, ensemble: Ensemble) -> None:
    fallback = bit_names(ensemble)["source"]["fallback"]
    rows = {(r["request"], r["user_id"]): r for r in read_decisions(logged).iter_rows(named=True)}
    for request, popular in (("plain", True), ("events", False)):
        row = rows[request, 99]
        assert bool(row["source"][0] & fallback) == popular
        assert bool(row["scored_source"][0] & fallback) == popular
    assert rows["events", 99]["request_event_item"] == [1001, 1002, 1003]
    assert rows["events", 3]["request_event_item"] == []
    assert not set(rows["events", 99]["item"]) & {1001, 1002, 1003}
    assert 1010 not in rows["events", 12]["item"]


def test_users_beside_those_with_events_get_what_they_get_alone(whole: Whole) -> None:
    ensemble = Ensemble.of(whole.release)
    events = np.full((3, 2), np.iinfo(np.int64).min)
    events[1] = [1005, 1006]
    batch: Columns = {"user_id": np.array([3, 99, 7]), "event_item": events}
    together = ensemble.transform(batch)
    for row in range(3):
        single = ensemble.transform({name: np.asarray(column)[row : row + 1] for name, column in batch.items()})
        assert ragged(single, "item_id")[0].tolist() == ragged(together, "item_id")[row].tolist()
        np.testing.assert_allclose(ragged(single, "score")[0], ragged(together, "score")[row], rtol=1e-5)


def test_where_did_it_go(logged: Path, ensemble: Ensemble) -> None:
    rows, (bits,) = _found(logged)
    row = next(r for r in rows.iter_rows(named=True) if r["user_id"] == 3)

    def way(item: int) -> list[tuple[str, bool]]:
        return [(note.stage, note.kept) for note in item_path(row, item, bits)]

    stages = ("retrieval", "filtering", "scoring", "ordering")
    assert way(row["item"][0]) == [(stage, True) for stage in stages]
    dropped = next(item for item in row["scored_item"] if item not in row["item"])
    assert way(dropped) == [(stage, stage != "ordering") for stage in stages]
    assert way(77) == [("retrieval", False)]
    more = {"retrieved_item": 77, "retrieved_source": 1, "removed_item": 77, "removed_reason": 3}
    notes = item_path({**row, **{name: [*row[name], value] for name, value in more.items()}}, 77, bits)
    assert [(note.stage, note.kept) for note in notes] == [("retrieval", True), ("filtering", False)]
    assert notes[0].note == "brought by two_tower"
    assert notes[1].note == "removed: seen, unavailable"
    assert "with probability" in item_path(row, row["item"][0], bits)[-1].note


def test_where_did_it_go_for_a_stranger(logged: Path) -> None:
    rows, (bits,) = _found(logged)
    row = next(r for r in rows.iter_rows(named=True) if r["user_id"] == 99)
    assert [note.stage for note in item_path(row, row["item"][0], bits)] == ["scoring", "ordering"]
    lost = item_path(row, 77, bits)
    assert [(note.stage, note.kept) for note in lost] == [("scoring", False)]
    assert lost[0].note.startswith("what is popular was given in the place of candidates")


def test_the_newest_are_replayed_first(logged: Path) -> None:
    assert [frame.height for frame in newest_decisions(logged, 5)] == [5]


def _found(logged: Path) -> tuple[pl.DataFrame, list[Bits]]:
    rows, bits = find_request(logged, "plain")
    return rows, list(bits.values())

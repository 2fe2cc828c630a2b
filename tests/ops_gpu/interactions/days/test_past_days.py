"""State folded from days is that of all events, whatever happens to the days."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_gpu.interactions.days import history_run
from ops_gpu.interactions.days.day_stamp import day_stamp
from ops_gpu.interactions.days.item_accumulator import ItemAccumulator
from ops_gpu.interactions.days.item_counts import ItemCounts
from ops_gpu.interactions.days.past_days import PastDays, read_day
from ops_gpu.interactions.events import DAY, Events
from ops_gpu.interactions.histories import Histories
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.interactions.utc_days import day_end, day_start

ROOT = Path(__file__).parents[4]
FIRST = date(2024, 2, 27)
USERS, ITEMS = 9, 12
CONFIG = ItemStateConfig(half_lives_days=(0.5, 20.0), popular_half_life_days=3.0)
ROW = st.tuples(st.integers(3, USERS - 1), st.integers(3, ITEMS - 1), st.integers(0, 23), st.booleans())
DAYS = st.lists(st.tuples(st.integers(0, 90), st.lists(ROW, max_size=5)), min_size=1, max_size=25)


@dataclass
class World:
    """Days on disk; ids are codes as they are, or as texts."""

    folder: Path
    text: bool = False
    days: dict[date, list[tuple[int, int, int, bool]]] = field(default_factory=dict)

    def write(self, day: date, rows: list[tuple[int, int, int, bool]]) -> None:
        self.days[day] = rows
        frame = self.frame(day)
        for folder in ("events", "counts"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        frame.write_parquet(self.path("events", day))
        content = day_stamp(self.path("events", day))
        ItemCounts.count(frame, day_end(day), CONFIG).save(self.path("counts", day), content)

    def path(self, folder: str, day: date) -> Path:
        return self.folder / folder / f"{day}.parquet"

    def frame(self, day: date) -> pl.DataFrame:
        user, item, hour, label = zip(*self.days[day], strict=True) if self.days[day] else ((), (), (), ())
        ids = pl.String if self.text else pl.Int64
        time = pl.Series([day_start(day) + 3600 * h for h in hour], dtype=pl.Int64)
        columns = {"user_id": pl.Series(user, dtype=pl.Int64), "item_id": pl.Series(item, dtype=pl.Int64)}
        return pl.DataFrame(
            {
                **{name: values.cast(ids) for name, values in columns.items()},
                "timestamp": (time * 1_000_000).cast(pl.Datetime("us")),
                "label": pl.Series(label, dtype=pl.Boolean),
            }
        ).sort("timestamp")

    def past(self) -> PastDays:
        def paths(folder: str) -> Mapping[date, Path]:
            return {date.fromisoformat(path.stem): path for path in (self.folder / folder).glob("*.parquet")}

        return PastDays(paths("events"), paths("counts"), self.folder / "folds", CONFIG)

    def events(self) -> Events:
        every = [(*row[:2], day_start(day) + 3600 * row[2], row[3]) for day, rows in self.days.items() for row in rows]
        user, item, time, label = zip(*every, strict=True) if every else ((), (), (), ())
        codes = np.array(user, np.int32), np.array(item, np.int32)
        return Events.sorted(*codes, np.array(time, np.int64), np.array(label, np.bool_), USERS, ITEMS)

    def check_decays(self, folded: ItemAccumulator, day: date) -> None:
        """Before they are rounded to float32."""
        before = [self.frame(other) for other in self.days if other < day]
        if before:
            at_once, counts = (
                ItemAccumulator(ITEMS, CONFIG),
                ItemCounts.count(pl.concat(before), day_start(day), CONFIG),
            )
            at_once.advance(day_start(day))
            at_once.add(counts, codes(counts.frame["item_id"]))
            np.testing.assert_allclose(folded._decayed, at_once._decayed, rtol=1e-9, atol=1e-300)

    def check(self, day: date) -> None:
        past, events, moment = self.past(), self.events(), day_start(day)
        folded = past.items_before(day, codes, ITEMS)
        self.check_decays(folded, day)
        items, whole = folded.item_state(), ItemState.of_counts(events, moment, CONFIG)
        for name in ("total", "first_seen", "as_of"):
            np.testing.assert_array_equal(getattr(items, name), getattr(whole, name))
        for name in ("popularity", "popular", "positive_rate"):
            np.testing.assert_allclose(getattr(items, name), getattr(whole, name), rtol=2e-7, atol=1e-30)
        people = np.arange(3, USERS)
        ids = pl.Series("user_id", people).cast(pl.String if self.text else pl.Int64)
        found, expected = past.users_before(day).of(ids, codes), Histories.from_events(events.before(moment), people)
        np.testing.assert_array_equal(found.items.offsets, expected.items.offsets)
        np.testing.assert_array_equal(found.items.values, expected.items.values)
        for name in ("count", "last", "positive"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def codes(items: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return items.cast(pl.Int32).to_numpy()


@pytest.mark.parametrize("text", [False, True], ids=["integers", "texts"])
@pytest.mark.parametrize("at_once", [1_000_000, 4], ids=["at once", "in pieces"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=DAYS, ends=st.lists(st.integers(0, 95), min_size=1, max_size=3))
def test_days_in_any_order_and_once_more_give_what_all_events_give(
    days: list[tuple[int, list[tuple[int, int, int, bool]]]],
    ends: list[int],
    text: bool,
    at_once: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A day comes again where its number does; an empty one is a day."""
    monkeypatch.setattr(history_run, "ENTRIES_AT_ONCE", at_once)
    shutil.rmtree(tmp_path, ignore_errors=True)
    world = World(tmp_path, text)
    for number, rows in days:
        world.write(FIRST + timedelta(number), rows)
        world.check(FIRST + timedelta(ends[0]))
    for end in ends:
        world.check(FIRST + timedelta(end))


def test_what_was_folded_can_be_lost(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(70):
        world.write(FIRST + timedelta(number), [(3 + number % 5, 3 + number % 7, 5, True)])
    world.check(FIRST + timedelta(70))
    merged = kept(tmp_path)
    for path in merged[::2]:
        shutil.rmtree(path)
    (merged[0].parent / ".aside-cut off").mkdir()
    world.check(FIRST + timedelta(70))
    assert kept(tmp_path) == merged


def kept(folder: Path) -> list[Path]:
    """Everything that is folded."""
    return sorted((folder / "folds").rglob("????-??-??-*"))


def test_counts_of_other_half_lives_are_folded_apart(tmp_path: Path) -> None:
    """The events that they are of are the same."""
    world = World(tmp_path)
    for number in range(20):
        world.write(FIRST + timedelta(number), [(3, 4, 5, True)])
    world.check(FIRST + timedelta(20))
    past = world.past()
    other = replace(past.config, half_lives_days=(1.0,))
    for day, path in past.events.items():
        ItemCounts.count(read_day(path), day_end(day), other).save(past.counts[day], day_stamp(path))
    found = replace(past, config=other).items_before(FIRST + timedelta(20), codes, 12).item_state()
    again = replace(past, config=other, folder=tmp_path / "none").items_before(FIRST + timedelta(20), codes, 12)
    np.testing.assert_array_equal(found.popularity, again.item_state().popularity)


FOLDER = """
import sys
from datetime import date
from pathlib import Path
from tests.ops_gpu.interactions.days.test_past_days import CONFIG, PastDays, codes
folder, day = Path(sys.argv[1]), date.fromisoformat(sys.argv[2])
events, counts = ({date.fromisoformat(p.stem): p for p in (folder / k).glob("*.parquet")} for k in ("events", "counts"))
past = PastDays(events, counts, folder / "folds", CONFIG)
past.users_before(day), past.items_before(day, codes, 12)
"""


def test_several_may_fold_the_same_days_at_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(100):
        world.write(FIRST + timedelta(number), [(3 + number % 5, 3 + number % 7, 5, True)])
    command = [sys.executable, "-c", FOLDER, str(tmp_path), str(FIRST + timedelta(100))]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    world.check(FIRST + timedelta(100))
    assert not list((tmp_path / "folds").rglob(".aside-*"))


def test_a_corrected_day_folds_again_what_holds_it_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(140):
        world.write(FIRST + timedelta(number), [(3, 4, 5, True), (4, 5, 6, False)])
    end = FIRST + timedelta(140)
    world.check(end)
    before = set(kept(tmp_path))
    world.write(FIRST + timedelta(100), [(5, 6, 7, True)])
    world.check(end)
    fresh = set(kept(tmp_path)) - before
    # of each kind one of 8 days and one of 64
    assert sorted(path.parent.name for path in fresh) == ["64", "64", "8", "8"]


def test_a_fold_of_many_days_is_few_files(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(200):
        world.write(FIRST + timedelta(number), [(3, 4, 5, True)])
    assert len(world.past().users_before(FIRST + timedelta(200)).runs) <= 7 + 7 + 4


def test_seconds_of_a_day_are_those_of_utc() -> None:
    assert day_start(date(1970, 1, 2)) == DAY == day_end(date(1970, 1, 1))

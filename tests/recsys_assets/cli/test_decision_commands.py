"""`trace`, `replay`, `event` and `rollout` on a home with a release, a feature store and a log, but no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from recsys_assets.cli import app
from resources.home import Home
from serving.decisions.trace import Trace, bit_names
from serving.decisions.writer import DecisionLog, LogSettings
from serving.ensemble.ensemble import Ensemble
from serving.request.request import complete
from tests.serving.whole_release import NAME, Whole, whole_release

runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Whole]:
    home = Home.at(tmp_path_factory.mktemp("home"))
    whole = whole_release(home.root, two_tower=12, popular=9, co_occurrence=10)
    home.recommender(NAME).mkdir(parents=True)
    pl.DataFrame({"user_id": range(30)}).write_parquet(home.users(NAME))
    items = pl.DataFrame({"item_id": range(1000, 1060)})
    items.with_columns(title=pl.format("Thing {}", "item_id")).write_parquet(home.items(NAME))
    ensemble = Ensemble.of(whole.release)
    log = DecisionLog(LogSettings(home.decisions(NAME)), whole.release, Trace(ensemble), bit_names(ensemble))
    for request, users in (("mine", [3, 99]), ("test-load", [4])):
        events = np.full((len(users), 1), 1007)
        batch = complete({"user_id": np.array(users), "event_item": events}, ensemble.inputs)
        log.record([request], [len(users)], batch, ensemble.answer(batch))
    log.flush()
    return home, whole


@pytest.fixture(autouse=True)
def _at_home(made: tuple[Home, Whole], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_HOME", str(made[0].root))


def said(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = runner.invoke(app, [*arguments, "--json"])
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def shown(*arguments: str) -> str:
    result = runner.invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_trace(made: tuple[Home, Whole]) -> None:
    hash_ = made[1].release.hash
    found = said("trace", NAME, "--request", "mine", "--item", "1007")
    assert [user["user_id"] for user in found["users"]] == [3, 99]
    assert found["again"][0]["release"] == hash_ and found["again"][0]["reproduced"]
    for user in found["users"]:
        assert user["events"] == [1007]
        assert not user["path"][-1]["kept"]  # it was seen a moment ago
        assert len(user["list"]) == 10
    text = shown("trace", NAME, "--request", "mine", "--item", "1007")
    assert "Item 1007, Thing 1007" in text
    assert f"Release {hash_[:12]} gives the same list again" in text
    assert "User 99" in text and "1 events in the request" in text
    assert "No request 'other' is in" in said("trace", NAME, "--request", "other", code=1)["error"]
    assert "integers, got 'x'" in said("trace", NAME, "--request", "mine", "--item", "x", code=1)["error"]


def test_trace_of_a_release_that_was_deleted(made: tuple[Home, Whole], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Home, "release", lambda self, name, release: Path(self.root, "gone", release))
    assert said("trace", NAME, "--request", "mine")["again"][0]["reproduced"] is None
    text = shown("trace", NAME, "--request", "mine")
    assert f"Release {made[1].release.hash[:12]}, which answered, is not there any more" in text
    assert f"`recsys replay {NAME} --release HASH`" in text and "`releases: {keep: N}` in the YAML keeps more" in text
    assert "Given" in text, "what the log says is told all the same"


def test_replay(made: tuple[Home, Whole]) -> None:
    hash_ = made[1].release.hash
    found = said("replay", NAME, "--release", hash_[:6])
    assert (found["release"], found["read_anew"]) == (hash_, [])
    everyone = found["segments"][0]
    assert (everyone["segment"], everyone["requests"]) == ("all", 2)  # without the load test
    assert everyone["overlap"] == pytest.approx(1.0)
    assert {row["segment"] for row in found["segments"][1:]} >= {"no history"}
    assert "2 lists of whole" in shown("replay", NAME, "--release", hash_[:6], "--by", "user_city")
    assert "no column 'user_shoe'" in said("replay", NAME, "--release", hash_, "--by", "user_shoe", code=1)["error"]
    assert "0 releases of 'whole' begin with 'zzz'" in said("replay", NAME, "--release", "zzz", code=1)["error"]


def test_event(made: tuple[Home, Whole]) -> None:
    ensemble = Ensemble.of(made[1].release)
    request = {"user_id": np.array([5]), "k": np.array([1], np.int32)}
    before = ensemble.transform(request)["item_id"]
    item = int(before.values[0])  # type: ignore[union-attr]
    assert said("event", NAME, "--user", "5", "--item", str(item))["item_id"] == item
    after = ensemble.transform(request)["item_id"]
    assert int(after.values[0]) != item  # type: ignore[union-attr]
    assert "Thing 1009; the next list knows it" in shown("event", NAME, "--user", "5", "--item", "1009", "--negative")
    assert "have no 999999: it counts once a release knows it" in shown(
        "event", NAME, "--user", "5", "--item", "999999"
    )
    unknown = shown("event", NAME, "--user", "5", "--item", "999999")
    assert "the next list knows it" not in unknown
    for item_id in (str(2**63), "9" * 23):
        refused = said("event", NAME, "--user", "5", "--item", item_id, code=1)["error"]
        assert f"-9223372036854775808 to 9223372036854775807, got {item_id}" in refused
    for time in ("2999-01-01", "1969-12-31"):
        refused = said("event", NAME, "--user", "5", "--item", "1009", "--time", time, code=1)["error"]
        assert "between 1970 and now, in UTC (" in refused and time in refused
    assert "integers, got 'u'" in said("event", NAME, "--user", "u", "--item", "1009", code=1)["error"]


def test_rollout_where_nothing_is_live(made: tuple[Home, Whole]) -> None:
    assert "No release of 'whole' is live; `recsys materialize whole`" in said("rollout", NAME, code=1)["error"]
    assert "No release of 'whole' is being tried" in said("rollout", NAME, "--end", code=1)["error"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--end", "--promote"], "--end and --promote are different things to do; give one of them"),
        (["--release", "ab", "--end"], "--release and --end are different things"),
        (["--canary", "0.1"], "name it with --release"),
        (["--release", "ab"], "a share of users (--canary 0.1), of requests (--shadow 0.5), or both"),
    ],
)
def test_what_a_rollout_cannot_be_told(made: tuple[Home, Whole], arguments: list[str], sentence: str) -> None:
    assert sentence in said("rollout", NAME, *arguments, code=1)["error"]

"""From generated logs to answers over the network: Dagster, Feast, MLflow and Triton as they are."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest

from recsys_assets.cli.build.materialize import MATERIALIZE
from resources.dagster_home import dagster_environment
from resources.home import Home
from resources.privacy import OURS
from serving.client.client import RecommenderClient
from serving.release.manifest import Manifest
from tests.tiny import NAME, Tiny

pytestmark = pytest.mark.triton


def test_status_names_the_server_and_the_release(tiny: Tiny) -> None:
    status = tiny.json("status")
    assert status["running"]
    assert status["grpc_url"].startswith("127.0.0.1:")
    live = status["releases"][NAME]
    assert live["last_day"] == "2026-01-24"
    assert tiny.home.release(NAME, live["live"]).is_dir()


def test_recommendations_over_the_network(tiny: Tiny) -> None:
    answer = tiny.json("recommend", NAME, "--user", "7", "-k", "5")
    assert answer["user_id"] == 7
    assert answer["source"] == "personalized"
    assert [set(item) >= {"item_id", "score", "title", "sources"} for item in answer["items"]] == [True] * 5
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    assert len(answer["release"]) == 64
    assert set(answer["stage_ms"]) == {"features", "retrieval", "filtering", "scoring", "ordering"}


def test_what_was_seen_or_is_not_available_never_comes_back(tiny: Tiny) -> None:
    events = pl.read_parquet(tiny.home.interactions_folder(NAME) / "*.parquet")
    items = pl.read_parquet(tiny.home.items(NAME))
    hidden = set(items.filter(~pl.col("available"))["item_id"])
    assert hidden
    users = events["user_id"].unique().sort().to_list()[:60]
    with RecommenderClient(tiny.json("status")["grpc_url"], NAME) as client:
        for answer in client.recommend(users, 50):
            given = {item.item_id for item in answer.items}
            seen = set(events.filter(pl.col("user_id") == answer.user_id)["item_id"])
            assert given
            assert not given & seen
            assert not given & hidden


def test_filters_and_the_ordering_of_the_yaml_hold(tiny: Tiny) -> None:
    items = {row["item_id"]: row for row in pl.read_parquet(tiny.home.items(NAME)).to_dicts()}
    assert any(item["price"] >= 8 for item in items.values())
    with RecommenderClient(tiny.json("status")["grpc_url"], NAME) as client:
        plain = client.recommend([*range(1, 20), 987654], 10)
        for answer in plain:
            given = [items[item.item_id] for item in answer.items]
            assert given
            assert all(item["price"] < 8 for item in given)
            assert len({item["studio"] for item in given}) == len(given)
        assert any("Drama" in items[item.item_id]["genres"] for answer in plain for item in answer.items)
        for answer in client.recommend([*range(1, 20), 987654], 10, context={"genre": "Drama"}):
            assert not any("Drama" in items[item.item_id]["genres"] for item in answer.items)
    best = plain[0].items[0].item_id
    asked = ["--context", f"studio={items[best]['studio']}", "--context", "genre=Drama"]
    answer = tiny.json("recommend", NAME, "--user", "1", *asked)
    assert answer["items"]
    assert all(items[item["item_id"]]["studio"] != items[best]["studio"] for item in answer["items"])


def test_an_unknown_user_gets_what_is_popular(tiny: Tiny) -> None:
    answer = tiny.json("recommend", NAME, "--user", "987654", "-k", "3")
    assert answer["source"] == "popular"
    assert len(answer["items"]) == 3


def test_a_batch_is_answered_as_its_users_alone(tiny: Tiny) -> None:
    with RecommenderClient(tiny.json("status")["grpc_url"], NAME) as client:
        together = client.recommend([1, 2, 3, 987654], 5)
        alone = [client.recommend([user], 5)[0] for user in (1, 2, 3, 987654)]
    for one, other in zip(together, alone, strict=True):
        assert [item.item_id for item in one.items] == [item.item_id for item in other.items]
        assert [item.score for item in one.items] == pytest.approx([i.score for i in other.items], rel=1e-4)


def test_the_manifest_records_both_ranges_and_all_data(tiny: Tiny) -> None:
    live = tiny.json("status")["releases"][NAME]["live"]
    metadata = Manifest.load(tiny.home.release(NAME, live) / "manifest.json").metadata
    assert metadata.fitted is not None
    assert metadata.continued is not None
    assert (metadata.fitted.first, metadata.fitted.last) == ("2026-01-01", "2026-01-20")
    assert (metadata.continued.first, metadata.continued.last) == ("2026-01-21", "2026-01-24")
    assert {f"{NAME}/interactions", f"{NAME}/evaluation", f"{NAME}/feature_store"} <= set(metadata.data_versions)
    assert all(metadata.data_versions.values())
    assert metadata.metrics["final"]["recall@20"] > 0


def test_what_was_served_is_kept_without_what_tests_asked(tiny: Tiny) -> None:
    with RecommenderClient(tiny.json("status")["grpc_url"], NAME) as client:
        lists = client.recommend([7, 8, 10_000_000], 5, request_id="kept")
    found = tiny.json("served", NAME)
    deadline = time.monotonic() + 60
    while not Path(found["path"]).exists() or "kept" not in pl.read_parquet(found["path"])["request"]:
        assert time.monotonic() < deadline, "the log was not written"
        found = tiny.json("served", NAME)  # today's day is kept again as it grows
    kept = pl.read_parquet(found["path"])
    assert not kept["request"].str.starts_with("test-").any()
    assert kept.filter(request="kept")["item"].to_list() == [[item.item_id for item in one.items] for one in lists]
    assert found["lists"] == kept.height and found["popular"] >= 1
    assert list(found["releases"]) == [tiny.json("status")["releases"][NAME]["live"]]


def test_bench_has_three_loads_and_all_stages(tiny: Tiny) -> None:
    found = tiny.json("bench", NAME, "--seconds", "0.5")
    assert list(found["clients"]) == ["1", "4", "16"]
    for row in found["clients"].values():
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["requests_per_s"] > 0
        assert row["errors"] == 0
    assert found["stage_ms"]["scoring"] > 0


def test_evaluate_measures_as_of_a_cut_and_touches_nothing(tiny: Tiny) -> None:
    before = tiny.json("status")["releases"]
    found = tiny.json("evaluate", NAME, "--as-of", "2026-01-19")
    assert (found["first_day"], found["last_day"]) == ("2026-01-19", "2026-01-24")
    assert {"recall@20", "ndcg@20"} <= set(found["final"])
    assert {"popularity", "popularity_7d", "popularity_28d", "popularity_decayed", "item_knn", "oracle"} <= set(
        found["baselines"]
    )
    assert found["baselines"]["oracle"]["recall@20"] > found["baselines"]["popularity"]["recall@20"]
    assert "users" in found["new_users"]
    assert tiny.json("status")["releases"] == before


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["recommend", NAME, "--user", "me"], ["integers", "'me'"]),
        (["recommend", "nobody", "--user", "1"], ["'nobody'"]),
        (["recommend", NAME, "--user", "1", "--context", "genre"], ["--context", "NAME=VALUE", "'genre'"]),
        (
            ["recommend", NAME, "--user", "1", "--context", "land=DE"],
            ["takes no 'land' in the context", "genre, studio"],
        ),
        (["evaluate", NAME, "--as-of", "2030-01-01"], ["2030-01-01", "2026-01-24"]),
        (["rollback", NAME], [f"'{NAME}' has no earlier release to go back to"]),
        (["materialize", "nobody"], ["no recommender 'nobody'", NAME, "demo"]),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tiny: Tiny, arguments: list[str], parts: list[str]) -> None:
    done = tiny.recsys(*arguments, "--json")
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    message = json.loads(done.stdout.splitlines()[-1])["error"]
    for part in parts:
        assert part in message


def test_what_lies_in_a_home_is_known_and_its_owners_alone(tiny: Tiny) -> None:
    names = {path.name for path in tiny.home.root.iterdir()}
    assert names <= OURS, "a home that holds more is not closed as a whole: see resources.privacy"
    paths = (path for path in (tiny.home.root, *tiny.home.root.rglob("*")) if not path.is_symlink())
    assert not [path for path in paths if path.exists() and path.stat().st_mode & 0o077]


def test_a_home_that_is_moved_goes_on_where_it_is(tiny: Tiny, tmp_path: Path) -> None:
    """Its users became strangers, and no materialization mended that."""
    answer = tiny.json("recommend", NAME, "--user", "7", "-k", "5")
    subprocess.run(["cp", "-a", tiny.home.root, tmp_path / "old"], check=True)
    moved = Tiny(Home.at((tmp_path / "old").rename(tmp_path / "new")), tiny.folder)
    try:
        done = subprocess.run(
            [*MATERIALIZE, "--select", f'key:"{NAME}/feature_store"'],
            env={**dagster_environment(moved.home), **moved.environment},
            cwd=moved.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = moved.json("recommend", NAME, "--user", "7", "-k", "5")
        assert (found["source"], found["release"]) == ("personalized", answer["release"])
        assert [item["item_id"] for item in found["items"]] == [item["item_id"] for item in answer["items"]]
    finally:
        moved.recsys("stop")
    texts = [path.read_text(errors="replace") for path in moved.home.triton_models.glob("*/config.pbtxt")]
    assert texts and not [text for text in texts if str(tmp_path) in text or str(tiny.home.root) in text]

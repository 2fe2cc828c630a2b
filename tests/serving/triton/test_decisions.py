"""What a real server writes to its decision log."""

from __future__ import annotations

import urllib.request
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from serving.client.client import RecommenderClient
from serving.decisions.files import decision_files
from serving.decisions.reader import find_request, read_decisions
from serving.decisions.replay import answer_again, reproduced
from serving.ensemble.ensemble import Ensemble
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.warmup import BATCH_SIZES
from serving.triton.server.server import TritonServer
from tests.serving.toys import toy_release
from tests.serving.triton.patience import soon

pytestmark = pytest.mark.triton


def logging_to(target: TritonTarget, folder: Path) -> TritonTarget:
    return replace(target, settings=replace(target.settings, decisions=str(folder)))


@pytest.mark.parametrize("dtype", ["int64", "string"])
def test_the_log_says_what_was_answered(server: TritonServer, target: TritonTarget, tmp_path: Path, dtype: str) -> None:
    release = toy_release(tmp_path, f"logged-{dtype}", dtype=dtype)
    known: list[int | str] = [100, 103] if dtype == "int64" else ["u100", "u103"]
    users = [*known, -7 if dtype == "int64" else "nobody"]
    deploy(release, logging_to(target, tmp_path / "log"), users)
    folder = tmp_path / "log" / release.name
    with RecommenderClient(target.grpc_url, release.name) as client:
        named = client.recommend(users, k=4, request_id="mine")
        client.recommend(users[0])

    def everything() -> pl.DataFrame | None:
        rows = read_decisions(folder, tests=True) if decision_files(folder) else None
        return rows if rows is not None and (~rows["request"].str.starts_with("test-")).sum() == 4 else None

    rows = soon(everything)
    decisions, bits = find_request(folder, "mine")
    assert decisions["user_id"].to_list() == users
    assert decisions["row"].to_list() == [0, 1, 2]
    assert decisions["request_k"].to_list() == [4, 4, 4]
    assert set(decisions["release"]) == {release.hash}
    for answer, row in zip(named, decisions.iter_rows(named=True), strict=True):
        assert [item.item_id for item in answer.items] == row["item"]
        assert [item.score for item in answer.items] == row["score"]
        assert bool(row["source"][0] & bits[release.hash]["source"]["fallback"]) == (answer.source == "popular")
    assert read_decisions(folder).height == 4  # without what no user asked for
    tests = rows.filter(pl.col("request").str.starts_with("test-"))
    own = tests.filter(~pl.col("request").str.contains("warm-up|smoke"))
    assert own.height == sum(BATCH_SIZES)
    assert set(own["user_id"]) <= set(users)
    answer, lacking = answer_again(decisions, Ensemble.of(release))
    assert (lacking, reproduced(decisions, answer)) == ((), 0.0)


def test_metrics_move(server: TritonServer, target: TritonTarget, tmp_path: Path) -> None:
    release = toy_release(tmp_path, "counted")
    deploy(release, logging_to(target, tmp_path / "log"), [100])

    def metrics() -> dict[str, float]:
        url = f"http://127.0.0.1:{server.start().metrics_port}/metrics"
        with urllib.request.urlopen(url) as page:
            lines = [line for line in page.read().decode().splitlines() if 'recommender="counted"' in line]
        return {
            line.split("{")[0] + ("/" + line.split('stage="')[1].split('"')[0] if "stage=" in line else ""): float(
                line.rsplit(" ", 1)[1]
            )
            for line in lines
        }

    before = soon(lambda: now if (now := metrics())["recsys_decisions_logged_total"] else None)  # of the smoke test
    with RecommenderClient(target.grpc_url, "counted") as client:
        for _ in range(5):
            client.recommend([100, 101])
    after = soon(
        lambda: (
            now
            if (now := metrics())["recsys_decisions_logged_total"] >= before["recsys_decisions_logged_total"] + 10
            else None
        )
    )
    assert after["recsys_requests_total"] - before["recsys_requests_total"] == 5
    assert after["recsys_users_total"] - before["recsys_users_total"] == 10
    assert after["recsys_stage_seconds_total/ordering"] > before["recsys_stage_seconds_total/ordering"]
    assert after.get("recsys_failed_requests_total", 0.0) == 0.0

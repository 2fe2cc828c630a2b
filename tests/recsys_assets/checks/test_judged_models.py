"""A release has the models that were judged, and their workflow, whatever was made since."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from recsys_assets.assets.models.evaluation import load_report
from recsys_assets.blueprint.blueprint import Blueprint
from recsys_assets.challenger.fitted.models import fitted_workflow, released_workflow
from recsys_assets.challenger.newest_release import newest_release
from recsys_assets.component.locations import blueprints
from tests.recsys_assets.checks.gates import NAME, Gates
from tests.recsys_assets.runs import failure, materialize

pytestmark = pytest.mark.triton

DATA = [
    *("interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features", "feature_store")
]
MODELS = ["retrieval_model", "item_embeddings", "faiss_index", "ranking_model", "evaluation", "release"]


class Later:
    """A recommender that is all there, as it goes on in this process, without what only serving needs."""

    def __init__(self, gates: Gates, place: Path) -> None:
        self.home = gates.home
        self.folder = Path(shutil.copytree(gates.folder, place / NAME))

    @property
    def blueprint(self) -> Blueprint:
        return blueprints(self.folder, self.home)[0]

    def edit(self, old: str, new: str) -> None:
        text = (self.folder / "defs.yaml").read_text()
        assert old in text
        (self.folder / "defs.yaml").write_text(text.replace(old, new))

    def quiet_day(self) -> str:
        """One more day, with two events, one of somebody new: the workflow becomes another one."""
        folder = self.home.root / "data" / NAME / "interactions"
        last = max(folder.glob("*.parquet"))
        rows = pl.read_parquet(last).head(1)
        known = rows.with_columns(pl.col("timestamp") + timedelta(days=1))
        new = known.with_columns(pl.lit(1_000_000).cast(rows.schema["user_id"]).alias("user_id"))
        day = date.fromisoformat(last.stem) + timedelta(days=1)
        pl.concat([known, new]).write_parquet(folder / f"{day}.parquet")
        return str(day)

    def run(self, assets: list[str], day: str | None = None) -> dg.ExecuteInProcessResult:
        return materialize(self.folder, assets, day)


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.path[-1] for event in result.get_asset_materialization_events() if event.asset_key}


@pytest.fixture
def later(gates: Gates, tmp_path: Path) -> Later:
    return Later(gates, tmp_path / "later")


def test_after_a_quiet_day_a_release_can_still_be_made_of_the_models(later: Later) -> None:
    before = newest_release(later.blueprint)
    workflow, models = before.part("workflow"), released_workflow(later.blueprint).hash()
    later.edit("evaluation: {days: 4}", "evaluation: {days: 4, min_users: 100000}")
    result = later.run(DATA + MODELS, later.quiet_day())
    assert result.success, failure(result)
    assert made(result) == set(DATA)
    assert fitted_workflow(later.blueprint).hash() != models == released_workflow(later.blueprint).hash()
    later.edit(
        "name: too_dear, item: price, comparison: below, value: 8",
        "name: too_dear, item: price, comparison: below, value: 5",
    )
    result = later.run(["release"])
    assert result.success, failure(result)
    assert made(result) == {"release"}
    passed = {check.check_name for check in result.get_asset_check_evaluations() if check.passed}
    assert passed == {"recall", "answers_like_its_parts"}
    after = newest_release(later.blueprint)
    assert after.hash != before.hash
    assert (after.part("workflow") / "workflow.json").read_bytes() == (workflow / "workflow.json").read_bytes()
    one, other = (release.manifest.metadata for release in (before, after))
    assert other.schema == one.schema and other.metrics == one.metrics
    for asset in ("workflow", "schema"):
        assert other.data_versions[f"{NAME}/{asset}"] == one.data_versions[f"{NAME}/{asset}"]


def test_models_that_nobody_judged_are_not_released(later: Later) -> None:
    report = load_report(later.blueprint)
    later.edit("epochs: 2, top:", "epochs: 1, top:")
    later.edit("evaluation: {days: 4}", "evaluation: {days: 4, min_users: 100000}")
    result = later.run(["ranking_model", "evaluation"])
    assert result.success and made(result) == {"ranking_model"}
    assert load_report(later.blueprint) == report
    newest = newest_release(later.blueprint).hash
    result = later.run(["release"])
    assert not result.success
    assert f"materialize {NAME}/evaluation" in failure(result)
    assert newest_release(later.blueprint).hash == newest
    later.edit(", min_users: 100000", "")
    result = later.run(["evaluation", "release"])
    assert {"evaluation", "release"} <= made(result), failure(result)
    assert newest_release(later.blueprint).manifest.metadata.metrics["final"] != report["final"]
    assert "judged" not in newest_release(later.blueprint).manifest.metadata.metrics


def test_what_a_version_before_fitted_and_judged_is_released(later: Later) -> None:
    from recsys_assets.assets.models.evaluation import judged_report
    from recsys_assets.blueprint.json_files import write_json
    from recsys_assets.challenger.fitted.models import CONTINUED

    shutil.rmtree(later.home.retrieval_model(NAME) / CONTINUED)
    report = {key: value for key, value in load_report(later.blueprint).items() if key != "judged"}
    write_json(report, later.home.evaluation_report(NAME))
    assert judged_report(later.blueprint) == report
    since = later.home.ranking_model(NAME) / "since"
    since.touch()
    os.utime(since, ns=(time.time_ns() + 10**9,) * 2)
    with pytest.raises(ValueError, match="has judged other models than there are now"):
        judged_report(later.blueprint)
    since.unlink()
    assert released_workflow(later.blueprint).hash() == fitted_workflow(later.blueprint).hash()
    names = ["interactions", "users", "items", "statistics", "item_state", "workflow"]
    materialize(later.folder, names, later.quiet_day())
    with pytest.raises(ValueError, match="materialize tiny/retrieval_model"):
        released_workflow(later.blueprint)

from __future__ import annotations

import pytest

from resources.home import Home
from resources.mlflow import MlflowResource


@pytest.fixture
def tracking(home: Home) -> MlflowResource:
    return MlflowResource()


def test_runs_releases_and_aliases(tracking: MlflowResource, home: Home) -> None:
    # One test for the whole life of a release: making the store's tables takes seconds.
    assert tracking.champion("demo") is None
    run = tracking.track("demo", "retrieval_model", {"retrieval.epochs": 3}, {"recall@20": 0.25}, {"loss": [2.0, 1.0]})
    data = tracking._client().get_run(run).data
    assert data.metrics["recall_at_20"] == 0.25
    assert data.params == {"retrieval.epochs": "3"}
    history = tracking._client().get_metric_history(run, "epoch_loss")
    assert [(point.step, point.value) for point in history] == [(1, 2.0), (2, 1.0)]

    first = tracking.register("demo", "a" * 64, home.release("demo", "a" * 64), run, {"days": "1 to 9"})
    assert tracking.register("demo", "a" * 64, home.release("demo", "a" * 64), run, {}) == first
    second = tracking.register("demo", "b" * 64, home.release("demo", "b" * 64), None, {})
    assert second != first
    assert tracking.promote("demo", "a" * 64) == first
    assert tracking.champion("demo") == "a" * 64
    version = tracking._client().get_model_version_by_alias("demo", "challenger")
    assert version.tags["release"] == "b" * 64
    assert home.mlflow_database.exists()
    with pytest.raises(LookupError, match="demo/release"):
        tracking.promote("demo", "c" * 64)


def test_many_parameters_and_long_curves_fit(tracking: MlflowResource) -> None:
    parameters = {f"p{i}": i for i in range(150)}
    run = tracking.track("demo", "ranking_model", parameters, {}, {"loss": [0.0] * 1200})
    assert len(tracking._client().get_run(run).data.params) == 150
    assert len(tracking._client().get_metric_history(run, "epoch_loss")) == 1200


def test_a_store_that_was_moved_names_the_places_of_today(
    tracking: MlflowResource, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = home.release("shop", "a" * 64)
    elsewhere = home.root.parent / "models" / "other"
    run = tracking.track("shop", "retrieval_model", {}, {"recall": 0.5})
    tracking.register("shop", "a" * 64, first, run, {})
    tracking.register("other", "b" * 64, elsewhere, run, {})
    moved = Home.at(home.root.rename(home.root.with_name("ein 'anderes' größeres 100% home")))
    monkeypatch.setenv("RECSYS_HOME", str(moved.root))
    tracking.promote("shop", "a" * 64)
    client = tracking._client()
    assert client.get_model_version_by_alias("shop", "champion").source == str(moved.release("shop", "a" * 64))
    assert client.get_model_version_by_alias("other", "challenger").source == str(elsewhere), "not in the home"
    experiment = client.get_experiment_by_name("shop")
    assert experiment is not None and experiment.artifact_location == f"{moved.mlflow_artifacts}/shop"
    assert client.get_run(run).info.artifact_uri.startswith(f"{moved.mlflow_artifacts}/shop/")
    again = tracking.track("shop", "retrieval_model", {}, {"recall": 0.6})
    assert client.get_run(again).info.artifact_uri.startswith(f"{moved.mlflow_artifacts}/shop/")
    assert not home.root.exists()

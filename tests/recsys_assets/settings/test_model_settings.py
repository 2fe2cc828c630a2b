"""The sections whose settings depend on the models that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ops_gpu.models.ranking.dlrm_config import DlrmConfig
from ops_gpu.models.registry import RETRIEVERS
from ops_gpu.models.retrieval.item_knn_config import ItemKnnConfig
from ops_gpu.models.retrieval.two_tower_config import TwoTowerConfig
from recsys_assets.component.locations import blueprints, names
from recsys_assets.component.yaml_errors import YamlError
from recsys_assets.settings.model_settings import candidate_settings
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.home import Home
from tests.conftest import YAML

LOG = {"source": {"path": "log.csv"}, "user": "u", "item": "i", "time": "t"}


def settings(**sections: Any) -> RecommenderSettings:
    return RecommenderSettings(interactions=LOG, **sections)  # type: ignore[arg-type]


def said(shop: Path, **sections: Any) -> str:
    """What reading a YAML with these sections says, from the line on."""
    attributes = yaml.safe_load(YAML)["attributes"] | sections
    text = yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}, sort_keys=False)
    (shop / "defs.yaml").write_text(text)
    with pytest.raises(YamlError) as raised:
        names(shop)
    line, _, sentence = str(raised.value).removeprefix(f"{shop / 'defs.yaml'}:").partition(": ")
    return f"{text.splitlines()[int(line) - 1].strip()} | {sentence}"


def test_no_name_means_the_first_of_each_kind() -> None:
    found = settings(retrieval={"epochs": 3}, ranking={"lists": 9})
    assert found.retrieval == (TwoTowerConfig(epochs=3),) and found.ranking == DlrmConfig(lists=9)
    assert settings().retrieval == (TwoTowerConfig(),) and settings().ranking == DlrmConfig()


def test_one_model_or_several() -> None:
    assert settings(retrieval={"model": "item_knn", "neighbours": 7}).retrieval == (ItemKnnConfig(7),)
    both = settings(retrieval=[{"model": "item_knn"}, {"model": "two_tower", "hidden": [8, 4]}])
    assert both.retrieval == (ItemKnnConfig(), TwoTowerConfig(hidden=(8, 4)))
    assert settings(ranking={"model": "dlrm", "top": [8]}).ranking == DlrmConfig(top=(8,))


def test_sizes_are_by_the_name_of_the_source() -> None:
    found = settings(
        retrieval=[{"model": "item_knn"}], candidates={"item_knn": 7, "popular": 0, "snapshot": {"neighbours": 5}}
    ).candidates
    assert [found.size(name) for name in ("item_knn", "popular", "co_occurrence", "history")] == [7, 0, 100, 0]
    assert found.snapshot.neighbours == 5
    assert set(RETRIEVERS) < set(candidate_settings().model_fields)


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"retrieval": {"model": "towers"}}, "model: towers | attributes.retrieval.model: model is 'towers', expected"),
        ({"retrieval": []}, "retrieval: [] | attributes.retrieval: there is no retrieval model; name one of two_tower"),
        (
            {"retrieval": [{"model": "item_knn"}, {"model": "item_knn"}]},
            "- model: item_knn | attributes.retrieval.1.model: the model item_knn is named twice",
        ),
        (
            {"retrieval": [{"model": "two_tower"}, {"model": "item_knn", "neighbors": 5}]},
            "neighbors: 5 | attributes.retrieval.1.neighbors is not a known key; did you mean 'neighbours'?",
        ),
        (
            {"retrieval": {"epoch": 5}},
            "epoch: 5 | attributes.retrieval.epoch is not a known key; did you mean 'epochs'?",
        ),
        ({"retrieval": {"epochs": 0}}, "epochs: 0 | attributes.retrieval.epochs: epochs is 0, expected a whole number"),
        ({"ranking": {"top": "wide"}}, "top: wide | attributes.ranking.top: expected a list, got 'wide'"),
        ({"ranking": {"model": "dlr"}}, "model: dlr | attributes.ranking.model: model is 'dlr', expected one of dlrm"),
        (
            {"candidates": {"item_knn": 5}},
            "item_knn: 5 | attributes.candidates.item_knn: item_knn is given a size, expected one of the sources",
        ),
        (
            {"retrieval": {"model": "item_knn"}, "serving": {"ordering": {"maximal_marginal_relevance": {"pool": 9}}}},
            "pool: 9 | attributes.serving.ordering.maximal_marginal_relevance: it compares the",
        ),
        ({"candidates": {"repeats": True}}, "repeats: true | attributes.candidates.repeats is not a known key"),
        (
            {"retrieval": [{"model": "item_knn"}], "candidates": {"item_knn": 0, "popular": 0, "co_occurrence": 0}},
            "item_knn: 0 | attributes.candidates: all candidate sources are switched off; give item_knn, popular or",
        ),
    ],
)
def test_mistakes_are_told_where_they_stand(shop: Path, home: Home, sections: dict[str, Any], expected: str) -> None:
    assert said(shop, **sections).startswith(expected), said(shop, **sections)


def test_a_yaml_that_dagster_fills_in_keeps_its_models(shop: Path, home: Home) -> None:
    sections = {"description": "{{ env.NOBODY or 'a shop' }}", "retrieval": {"model": "item_knn", "neighbours": 9}}
    attributes = yaml.safe_load(YAML)["attributes"] | sections
    (shop / "defs.yaml").write_text(yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}))
    (blueprint,) = blueprints(shop, home)
    assert blueprint.settings.description == "a shop"
    assert blueprint.settings.retrieval == (ItemKnnConfig(9),)

"""Every number of a YAML has its bounds: told when it is read, with file, line and name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recsys_assets.component.locations import names
from recsys_assets.component.yaml_errors import YamlError
from resources.home import Home
from tests.conftest import YAML
from tests.recsys_assets.settings.numbers import Number, numbers

ALL = {number.name: number for number in numbers()}
MAY_BE_ZERO = {
    "candidates.snapshot.neighbours",
    "candidates.co_occurrence", "candidates.history", "candidates.popular", "candidates.two_tower",
    "generator.seed",
    "quality.max_degraded_share", "quality.max_unusable_share", "quality.min_index_recall", "quality.min_known_share",
    "quality.tolerance", "quality.max_days_ahead", "schedule.rest_seconds",
    "ranking.seed", "retrieval.id_dropout", "retrieval.seed", "serving.item_memory_mb",
    "serving.ordering.boosts.0.values", "serving.ordering.calibrated.weight",
    "serving.ordering.maximal_marginal_relevance.relevance_weight", "serving.ordering.softmax_sampling.temperature",
}  # fmt: skip
MAY_BE_NEGATIVE = {"serving.ordering.boosts.0.values"}
NEVER = {
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "huge": 1e300,
    "long": 10**30,
    "-huge": -(10**12),
    "true": True,
    "false": False,
}


def told(shop: Path, number: Number, value: Any) -> tuple[str, str] | None:
    """The sentence, and the line of the YAML that it names; None where the value is taken."""
    attributes = yaml.safe_load(YAML)["attributes"] | number.attributes(value)
    text = yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}, sort_keys=False)
    (shop / "defs.yaml").write_text(text)
    try:
        names(shop)
    except YamlError as error:
        sentence = str(error).removeprefix(f"{shop / 'defs.yaml'}:")
        return sentence, text.splitlines()[int(sentence.partition(":")[0]) - 1]
    return None


def test_all_sections_are_looked_at() -> None:
    sections = {number.keys[0] for number in ALL.values()}
    assert sections == {
        "generator",
        "quality",
        "retrieval",
        "candidates",
        "ranking",
        "evaluation",
        "serving",
        "releases",
        "schedule",
    }
    assert len(ALL) > 50
    assert set(ALL) >= MAY_BE_ZERO | MAY_BE_NEGATIVE


@pytest.mark.parametrize("name", ALL)
def test_a_number_out_of_bounds_is_told_with_its_line(shop: Path, home: Home, name: str) -> None:
    wrong = dict(NEVER) | ({} if name in MAY_BE_ZERO else {"0": 0}) | ({} if name in MAY_BE_NEGATIVE else {"-1": -1})
    for value in wrong.values():
        answer = told(shop, ALL[name], value)
        assert answer is not None, f"{name}: {value} is taken"
        sentence, line = answer
        key = ALL[name].keys[-1]
        assert f".{key}" in sentence, sentence
        assert "expected" in sentence or "should be" in sentence or "correct the value" in sentence, sentence
        first = line.strip().removeprefix("- ")
        assert first.startswith((f"{key}:", "a:")) or line.strip().startswith("- "), (line, sentence)


@pytest.mark.parametrize("name", sorted(MAY_BE_ZERO))
def test_zero_is_taken_where_it_means_something(shop: Path, home: Home, name: str) -> None:
    assert told(shop, ALL[name], 0) is None


def test_a_source_of_candidates_is_left(shop: Path, home: Home) -> None:
    attributes = yaml.safe_load(YAML)["attributes"]
    attributes["candidates"] = dict.fromkeys(("two_tower", "popular", "history", "co_occurrence"), 0)
    (shop / "defs.yaml").write_text(yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}))
    with pytest.raises(YamlError, match="all candidate sources are switched off"):
        names(shop)
    attributes["candidates"]["history"] = 5
    (shop / "defs.yaml").write_text(yaml.safe_dump({"type": "recsys_assets.Recommender", "attributes": attributes}))
    with pytest.raises(YamlError, match="only source of candidates is history, which brings nothing without repeats"):
        names(shop)

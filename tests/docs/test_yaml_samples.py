"""YAML of the README, of the pages and of docstrings can be read as what it is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from recsys_assets.component.recommender import Recommender
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.configured import FILE, configured
from resources.home import Home
from tests.docs.samples import PAGES, samples

SECTIONS: dict[str, Any] = {
    "interactions": {"source": {"path": "events.csv"}, "user": "user", "item": "item", "time": "time"},
    "users": {
        "source": {"path": "users.csv"},
        "id": "user",
        "categorical": ["country"],
        "continuous": ["age"],
        "lists": ["blocked_authors"],
    },
    "items": {
        "source": {"path": "items.csv"},
        "id": "item",
        "categorical": ["studio", "author"],
        "continuous": ["stock", "age_limit"],
        "lists": ["countries"],
    },
}
"""What a part of a YAML stands beside."""
BLOCKS = [(sample.name, sample.code) for page in PAGES for sample in samples(page, "yaml")]
RECOMMENDER = inspect.getdoc(Recommender) or ""
CONFIGURED = inspect.getdoc(configured) or ""
BLOCKS += [
    ("Recommender", inspect.cleandoc("\n" + RECOMMENDER.partition("Example:\n")[2])),
    ("configured", inspect.cleandoc("\n" + "\n".join(re.findall(r"^    \w+: \{.*\}$", CONFIGURED, re.MULTILINE)))),
]


def read(text: str, folder: Path) -> object:
    """Reads a whole `defs.yaml`, some sections of one, or a `resources.yaml`."""
    found = yaml.safe_load(text)
    if found.keys() & RecommenderSettings.model_fields.keys():
        return RecommenderSettings.model_validate({**SECTIONS, **found})
    if "type" in found:
        assert found["type"] == "recsys_assets.Recommender"
        return RecommenderSettings.model_validate(found["attributes"])
    (folder / FILE).write_text(text)
    return configured(Home.at(folder))


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_it_is_read(text: str, tmp_path: Path) -> None:
    assert read(text, tmp_path) is not None


def test_there_are_some() -> None:
    assert len(BLOCKS) > 10 and all(len(text) > 10 for _, text in BLOCKS)


@pytest.mark.parametrize(
    "text", ["serving: {filter: []}", "type: recsys_assets.Recommender\nattributes: {}", "triton: {adress: x}"]
)
def test_a_mistake_is_seen(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"filter|interactions|adress"):
        read(text, tmp_path)

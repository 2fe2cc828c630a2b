from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.locations import load
from recsys_assets.yaml_errors import YamlError
from resources.home import Home
from tests.conftest import YAML


def error(shop: Path, old: str, new: str) -> str:
    """What loading says after one edit of the YAML."""
    assert old in YAML
    (shop / "defs.yaml").write_text(YAML.replace(old, new))
    with pytest.raises(YamlError) as caught:
        load(shop)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("  description:", "  descripton:", 3, ["attributes.descripton", "not a known key", "'description'"]),
        ("    label:", "    lable:", 10, ["attributes.interactions.lable", "not a known key", "'label'"]),
        ("      path: items.csv", "      paths: items.csv", 13, ["items.source.paths", "'path'"]),
        ("    user: user\n", "", 4, ["attributes.interactions.user is missing"]),
        ("stars >= 4", '"stars >> 4 ("', 4, ["label"]),
        ("Little shop.", "Little shop.\n  start: yesterday", 4, ["attributes.start", "date", "'yesterday'"]),
        (
            "Little shop.",
            "Little shop.\n  start: 2024-02-01\n  end: 2024-01-01",
            2,
            ["end (2024-01-01) is exclusive"],
        ),
        (
            "Little shop.",
            "Little shop.\n  quality: {max_unusable_share: 3}",
            4,
            ["max_unusable_share is 3.0", "0 to 1"],
        ),
        ("Little shop.", "Little shop.\n  schedule: {nightly: tonight}", 4, ["nightly is 'tonight'", "cron"]),
        ("Little shop.", "Little shop.\n  name: a/b", 4, ["'a/b'", "rename"]),
        ("Little shop.", "Little shop.\n  workflow: not a name", 4, ["dotted name"]),
        ("[kind]", "kind", 16, ["attributes.items.categorical", "expected a list", "[kind]"]),
        ("[kind]", "{kind: 1}", 16, ["attributes.items.categorical"]),
        ("[kind]", "[1]", 16, ["attributes.items.categorical.0", "valid string, got 1"]),
    ],
)
def test_one_sentence_with_file_line_and_key(
    shop: Path, home: Home, old: str, new: str, line: int, parts: list[str]
) -> None:
    message = error(shop, old, new)
    assert message.startswith(f"{shop / 'defs.yaml'}:{line}: ")
    for part in parts:
        assert part in message
    assert "\n" not in message


def test_text_that_is_no_yaml(shop: Path, home: Home) -> None:
    assert f"{shop / 'defs.yaml'}:4: this is not valid YAML" in error(shop, "  interactions:", "  x: : y")


def test_an_unknown_component_type_names_file_and_type(shop: Path, home: Home) -> None:
    message = error(shop, "recsys_assets.Recommender", "recsys_assets.Recomender")
    assert message.startswith(f"{shop / 'defs.yaml'}:1: type is 'recsys_assets.Recomender', expected ")
    assert message.endswith("correct the type.")


def test_a_file_without_attributes(shop: Path, home: Home) -> None:
    (shop / "defs.yaml").write_text("type: recsys_assets.Recommender\n")
    with pytest.raises(YamlError, match=r"defs\.yaml.*interactions"):
        load(shop)


@pytest.mark.parametrize("text", ["", "\n---\n", "- a\n", "a text\n"])
def test_a_file_without_keys(shop: Path, home: Home, text: str) -> None:
    (shop / "defs.yaml").write_text(text)
    with pytest.raises(YamlError) as caught:
        load(shop)
    message = str(caught.value)
    assert message.startswith(f"{shop / 'defs.yaml'} holds no keys; begin it with")
    assert "\n" not in message

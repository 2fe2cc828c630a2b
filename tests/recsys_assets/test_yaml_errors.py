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
        ("stars >= 4", '"stars >> 4 ("', 10, ["attributes.interactions.label", "is not an SQL expression"]),
        (
            "stars >= 4",
            "stars >= AVG(stars)",
            10,
            ["interactions.label", "uses AVG, which looks at many rows"],
        ),
        ("stars >= 4", "stars > 1\n    filters: [stars > 0, RANK() > 1]", 11, ["interactions.filters", "uses RANK"]),
        ("title: name", "title: name\n    available: stock = MAX(stock)", 16, ["items.available", "uses MAX"]),
        ("Little shop.", "Little shop.\n  start: yesterday", 4, ["attributes.start", "date", "'yesterday'"]),
        (
            "Little shop.",
            "Little shop.\n  start: 2024-02-01\n  end: 2024-01-01",
            2,
            ["end (2024-01-01) is exclusive"],
        ),
        ("Little shop.", "Little shop.\n  start: 0024-01-01", 4, ["start is 0024-01-01", "from 1900-01-01"]),
        ("Little shop.", "Little shop.\n  end: 9999-12-31", 4, ["end is 9999-12-31", "to 2200-01-01"]),
        (
            "Little shop.",
            "Little shop.\n  quality: {max_unusable_share: 3}",
            4,
            ["max_unusable_share is 3.0", "0 to 1"],
        ),
        ("Little shop.", "Little shop.\n  schedule: {nightly: tonight}", 4, ["nightly is 'tonight'", "cron"]),
        (
            "Little shop.",
            "Little shop.\n  rollout: {on_new_release: stop}",
            4,
            ["rollout.on_new_release: got 'stop', expected 'wait' or 'end'"],
        ),
        (
            "Little shop.",
            "Little shop.\n  releases: {keep: 0}",
            4,
            ["releases", "keep is 0, expected a whole number from 1"],
        ),
        ("Little shop.", "Little shop.\n  name: a/b", 4, ["'a/b'", "rename"]),
        ("Little shop.", "Little shop.\n  workflow: not a name", 4, ["dotted name"]),
        ("[kind]", "kind", 16, ["attributes.items.categorical", "expected a list", "[kind]"]),
        ("[kind]", "{kind: 1}", 16, ["attributes.items.categorical"]),
        ("[kind]", "[kind]\n    only_filters: [colour]", 11, ["attributes.items", "only_filters names 'colour'"]),
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


SERVING = """Little shop.
  serving:
    filters:
      - {name: sort, item: kind, comparison: in, value: [a]}
      - name: other
        item: kind
        comparison: differs
        value: b
    ordering:
      category_quotas: {column: kind, most: 1}
      boosts:
        - {column: kind, values: {a: 0.5}}"""


def test_an_ordering_reads_what_models_read(shop: Path, home: Home) -> None:
    yaml = YAML.replace("Little shop.", SERVING).replace("[kind]", "[kind]\n    only_filters: [kind]")
    (shop / "defs.yaml").write_text(yaml)
    with pytest.raises(YamlError, match=r"category_quotas\.column: 'kind' is no column of the items table, but none"):
        load(shop)


def test_filters_and_orderings_are_read(shop: Path, home: Home) -> None:
    (shop / "defs.yaml").write_text(YAML.replace("Little shop.", SERVING))
    load(shop)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        (
            "item: kind\n",
            "item: kinds\n",
            8,
            ["filters.1.item", "'kinds' is no column of the items table", "title, kind"],
        ),
        (
            "        value: b",
            "        user: kind",
            10,
            ["filters.1.user", "'kind' is no column of the users table, but none"],
        ),
        ("comparison: differs", "comparison: unlike", 9, ["filters.1.comparison", "'unlike'", "'equals'"]),
        ("        value: b", "        valeu: b", 10, ["filters.1.valeu", "not a known key", "'value'"]),
        ("        value: b", "        value: [b]", 7, ["filters.1", "differs takes one value"]),
        ("        value: b", "        value: NO", 7, ["filters.1", "quote a text"]),
        ("        value: b\n", "", 7, ["filters.1", "give it a value, or a user or request column"]),
        ("name: other", "name: sort", 7, ["filters.1.name", "named 'sort'"]),
        ("comparison: in, value: [a]", "comparison: in, request: kind", 6, ["filters.0", "request column"]),
        ("{column: kind, most: 1}", "{column: kinds}", 12, ["category_quotas.column", "'kinds' is no column"]),
        (
            "{column: kind, most: 1}",
            "{column: kind, most: 0}",
            12,
            ["category_quotas", "most is 0, expected a whole number from 1"],
        ),
        ("{column: kind, most: 1}", "{columm: kind}", 12, ["category_quotas.columm", "'column'"]),
        ("      boosts:", "      calibrated: {column: kind}\n      boosts:", 11, ["category_quotas and calibrated"]),
        ("{column: kind, values: {a: 0.5}}", "{column: name, values: {a: 1}}", 14, ["boosts.0.column", "'name'"]),
        ("{column: kind, values: {a: 0.5}}", "{column: kind, values: {a: x}}", 14, ["boosts.0.values.a", "'x'"]),
        (
            "comparison: differs",
            "comparison: contains",
            8,
            ["filters.1.item", "'kind', one category an item, contains a value, as only a list can"],
        ),
        ("    ordering:", "    temperature: 1\n    ordering:", 11, ["temperature is 1.0", "leave one out"]),
    ],
)
def test_mistakes_in_filters_and_orderings(
    shop: Path, home: Home, old: str, new: str, line: int, parts: list[str]
) -> None:
    assert old in SERVING
    message = error(shop, "Little shop.", SERVING.replace(old, new))
    assert message.startswith(f"{shop / 'defs.yaml'}:{line}: "), message
    for part in parts:
        assert part in message


NUMBERS = """[kind]
    continuous: [price]
  users:
    source: {path: users.csv}
    id: user
    categorical: [age]
  serving:
    filters:
      - {name: cheap, item: price, comparison: below, request: q}
      - {name: aged, item: kind, comparison: equals, user: age}
    ordering:
      boosts:
        - {column: kind, values: {a: 1}}"""


def test_filters_of_numbers_are_read(shop: Path, home: Home) -> None:
    (shop / "users.csv").write_text("user,age\n1,2\n")
    (shop / "defs.yaml").write_text(YAML.replace("[kind]", NUMBERS))
    load(shop)


@pytest.mark.parametrize(
    ("old", "new", "line", "parts"),
    [
        ("below, request: q", "equals, value: x", 24, ["filters.0.item", "'price', one number an item", "as numbers"]),
        ("equals, user: age", "in, user: age", 25, ["filters.1.user", "one category a user", "expected a list"]),
        ("equals, user: age", "equals, request: q", 25, ["filters.1.request", "both read 'q'", "give them two names"]),
        ("column: kind", "column: price", 28, ["boosts.0.column", "numbers of any size", "categorical"]),
    ],
)
def test_filters_that_do_not_fit_their_columns(
    shop: Path, home: Home, old: str, new: str, line: int, parts: list[str]
) -> None:
    assert old in NUMBERS
    message = error(shop, "[kind]", NUMBERS.replace(old, new))
    assert message.startswith(f"{shop / 'defs.yaml'}:{line}: "), message
    for part in parts:
        assert part in message


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


def test_a_key_given_twice_is_told_with_both_lines(shop: Path, home: Home) -> None:
    message = error(shop, "    label: stars >= 4\n", "    label: stars >= 4\n    label: stars >= 2\n")
    assert message == (
        f"{shop / 'defs.yaml'}:11: attributes.interactions.label is given twice, first in line 10; the last one would "
        "hold: leave one out."
    )

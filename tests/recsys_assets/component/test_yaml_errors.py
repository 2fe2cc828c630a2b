from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.component.locations import load, names
from recsys_assets.component.yaml_errors import YamlError
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
            5,
            ["attributes.end: end (2024-01-01) is exclusive"],
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
        ("label: stars >= 4", "user_id_type: int", 10, ["interactions.user_id_type: user_id_type is 'int'"]),
        ("label: stars >= 4", "categorical: [user_id]", 10, ["categorical.0", "of a column that we build"]),
        (
            "label: stars >= 4",
            "categorical: [a]\n    continuous:\n      - b\n      - a",
            13,
            ["continuous.1", "'a' is listed twice"],
        ),
        *(
            ("label: stars >= 4", f"continuous: [{name!r}]", 10, ["continuous.0", "rename it"])
            for name in ("__file__", "__passed__", "__reason__", "__user__", "raw:user", "*", "^a$")
        ),
        ("label: stars >= 4", "filters: [5]", 10, ["interactions.filters.0: input should be a valid string, got 5"]),
        ("label: stars >= 4", "filters:\n      - a > 1\n      - 5", 12, ["interactions.filters.1: input should"]),
        ("label: stars >= 4", "filters:\n      - a > 1\n      - a >", 12, ["filters.1: filter 'a >' is not an SQL"]),
        ("label: stars >= 4", "filters: {a: b}", 10, ["interactions.filters: expected a list"]),
        ("      path: logs/*.csv", '      path: "a\\0b"', 6, ["interactions.source.path", "is no path"]),
        ("      path: logs/*.csv", "      path: ' '", 6, ["interactions.source.path", "is no path"]),
        ("logs/*.csv", "logs/*.csv\n      quote: ','", 7, ["source.quote", "as quote and as separator"]),
        ("logs/*.csv", 'logs/*.csv\n      encoding: "a\\0"', 5, ["interactions.source", "unknown encoding"]),
        ("Little shop.", "Little shop.\n  retrieval:\n    hidden: [8, yes]", 5, ["hidden.1: hidden[1] is true"]),
        ("Little shop.", "Little shop.\n  users:\n    title: name", 5, ["users.title: title is for items"]),
        ("Little shop.", "Little shop.\n  schedule:\n    refit: x", 5, ["schedule.refit: refit is 'x'"]),
        ("Little shop.", "Little shop.\n  schedule:\n    timezone: Mars/X", 5, ["schedule.timezone: timezone is"]),
        ("Little shop.", "Little shop.\n  owners:\n    - a@b.de\n    - bob", 6, ["owners.1: the owner 'bob'"]),
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
        ("values: {a: 0.5}", "values: {date: x}", 14, ["boosts.0.values.date", "'x'"]),
        ("values: {a: 0.5}", "values: {'a[b]': x}", 14, ["boosts.0.values.a[b]", "'x'"]),
        (
            "comparison: differs",
            "comparison: contains",
            8,
            ["filters.1.item", "'kind', one category an item, contains a value, as only a list can"],
        ),
        (
            "    ordering:",
            "    temperature: 1\n    ordering:",
            11,
            ["attributes.serving.temperature", "serving.ordering: {softmax_sampling: {temperature: 1}} instead"],
        ),
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


UNREADABLE: dict[str, tuple[bytes, int, str]] = {
    "latin-1": (YAML.replace("Little", "Kleiner Köder").encode("latin-1"), 3, "the byte 0xf6 is no part of a sign"),
    "UTF-16": (YAML.encode("utf-16"), 1, "begins as UTF-16 does"),
    "UTF-16 without a mark": (YAML.encode("utf-16-le"), 1, "the sign U+0000"),
    "UTF-32": (YAML.encode("utf-32"), 1, "save the file in the encoding UTF-8"),
    "zero byte": (YAML.replace("Little", "Lit\0tle").encode(), 3, "the sign U+0000"),
    "bell": (YAML.replace("Little", "Lit\atle").encode(), 3, "the sign U+0007"),
    "sections in one line": ((YAML + "  x: " + "[" * 3000 + "]" * 3000).encode(), 17, "more than 100 sections"),
    "sections": ((YAML + "".join("  " * n + "a:\n" for n in range(1, 200))).encode(), 116, "more than 100 sections"),
    "omap": ((YAML + "  owners: !!omap [a: b]\n").encode(), 17, "the tag !!omap"),
    "set": ((YAML + "  owners: !!set {a@b.de}\n").encode(), 17, "the tag !!set"),
    "binary": ((YAML + "  workflow: !!binary aGk=\n").encode(), 17, "the tag !!binary"),
    "call": ((YAML + "  workflow: !!python/object/apply:os.getcwd []\n").encode(), 17, "the tag !!python/object/apply"),
    "own tag": ((YAML + "  workflow: !env X\n").encode(), 17, "the tag !env"),
}


@pytest.mark.parametrize(("content", "line", "part"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_told_in_a_sentence(
    shop: Path, home: Home, content: bytes, line: int, part: str
) -> None:
    (shop / "defs.yaml").write_bytes(content)
    for read in (load, names):
        with pytest.raises(YamlError) as caught:
            read(shop)
        message = str(caught.value)
        assert message.startswith(f"{shop / 'defs.yaml'}:{line}: "), message
        assert part in message
        assert message.isprintable()


def test_what_can_be_read_is(shop: Path, home: Home) -> None:
    for content in (
        YAML.encode("utf-8-sig"),
        (YAML + "  owners: !!seq [!!str team:a]\n").replace("\n", "\r\n").encode(),
    ):
        (shop / "defs.yaml").write_bytes(content)
        load(shop)


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

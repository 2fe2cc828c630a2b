"""Pages that are made from the code say all that it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from reference_pages.classes_page import classes_page
from reference_pages.commands_page import commands, commands_page
from reference_pages.home_page import home_page
from reference_pages.setting import Setting, settings, summary
from reference_pages.settings_page import resources_page, settings_page
from reference_pages.table import table

from ops_gpu.models.registry import RANKERS, RETRIEVERS
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.configured import Resources
from resources.home import Home
from tests.docs.test_docstrings import FACES, public


@dataclass
class Inner:
    """Something below.

    Args:
        size: how large.
    """

    size: int


@dataclass
class Base:
    """Something.

    Args:
        seed: of chance.
    """

    seed: int = 7


@dataclass
class Whole(Base):
    """One thing, told
    in two lines.

    More of it.

    Args:
        inner: something, over
            two lines.
        way: one way.
        sizes: by name.
    """

    inner: Inner | None = None
    way: Literal["a", "b"] = "a"
    sizes: Mapping[str, int] = field(default_factory=dict)


class Model(BaseModel):
    name: str = Field(description="Its name.")
    numbers: tuple[float, ...] = Field((1.0, 2.0), description="Some.")


def test_settings_of_a_dataclass_and_of_what_it_is_built_on() -> None:
    assert settings(Whole) == [
        Setting("seed", "whole number", "7", "of chance."),
        Setting("inner", "section or null", "null", "something, over two lines.", (Inner,)),
        Setting("way", "one of `a`, `b`", '"a"', "one way."),
        Setting("sizes", "mapping from text to whole number", "{}", "by name."),
    ]
    assert settings(Inner) == [Setting("size", "whole number", None, "how large.")]
    assert summary(Whole) == "One thing, told in two lines."


def test_settings_of_a_model() -> None:
    assert settings(Model) == [
        Setting("name", "text", None, "Its name."),
        Setting("numbers", "list of number", "[1.0, 2.0]", "Some."),
    ]


def test_a_bar_in_a_cell_is_none_of_the_table() -> None:
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |"


def test_every_section_and_every_family_has_a_table() -> None:
    page = settings_page()
    headings = set(re.findall(r"^#+ (.*)$", page, re.MULTILINE))
    sections = {one.name for one in settings(RecommenderSettings) if one.sections}
    assert sections | {"interactions.source", "serving.filters", "serving.ordering.boosts"} <= headings
    assert {f"retrieval: {name}" for name in RETRIEVERS} | {f"ranking: {name}" for name in RANKERS} <= headings
    for name, family in {**RETRIEVERS, **RANKERS}.items():
        part = re.split(rf"^### \w+: {name}$", page, flags=re.MULTILINE)[1].partition("\n##")[0]
        for setting in fields(family.config_class()):
            assert f"\n| `{setting.name}` |" in part, name


@pytest.mark.parametrize("page", [settings_page, resources_page])
def test_every_setting_says_what_it_means(page: object) -> None:
    assert callable(page)
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", page(), re.MULTILINE)
    assert len(rows) > 20
    assert not [name for name, meaning in rows if not meaning.strip()]


def test_every_resource_has_a_table() -> None:
    page = resources_page()
    for resource in fields(Resources):
        assert f"## {resource.name}\n" in page


def test_every_command_and_option_is_told() -> None:
    page = commands_page()
    for name, command in commands().items():
        part = page.partition(f"## recsys {name}\n")[2].partition("\n## ")[0]
        assert command.help.split(".")[0].split("\n")[0] in part
        for parameter in command.params:
            told = parameter.name.upper() if parameter.param_type_name == "argument" else parameter.opts[0]
            assert f"`{told}`" in part or told == "--help", (name, told)


def test_every_place_of_a_home_is_told() -> None:
    page = home_page("Before\n\n{layout}\n\nafter")
    places = [name for name, member in vars(Home).items() if isinstance(member, property)]
    assert len(re.findall(r"^\| `", page, re.MULTILINE)) > len(places) and "\n\nafter" in page
    assert "| `recommenders/NAME/interactions/DAY.parquet` | Interactions of one day (`YYYY-MM-DD`), Parquet. |" in page
    assert "| `releases/NAME/HASH` | Folder of one release. |" in page
    assert "RECSYS_HOME" not in page


def test_every_public_name_has_an_entry() -> None:
    page = classes_page("Title", "Introduction.", FACES)
    entries = {path.rpartition(".")[2] for path in re.findall(r"^::: (\S+)$", page, re.MULTILINE)}
    assert entries >= set(public())
    assert "## categorical\n" in page and "## ordering\n" in page

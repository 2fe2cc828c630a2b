from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.workflow import Workflow
from recsys_assets.assets.features import workflow as workflow_module
from recsys_assets.challenger.fitted.models import next_workflows
from recsys_assets.component.locations import blueprints, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home
from tests.conftest import write_day
from tests.recsys_assets.runs import failure, materialize

UP_TO_WORKFLOW = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema"]
DAYS = ("2024-01-01", "2024-01-03")


def vocabulary(home: Home, column: str) -> list[object]:
    return list(Workflow.load(home.workflow("shop")).vocabulary(column))


def fitted(result: object) -> str:
    event = result.asset_materializations_for_node("shop__workflow")[0]  # type: ignore[attr-defined]
    return str(event.metadata["fitted"].value)


def test_every_item_of_the_catalogue_has_a_code(shop: Path, home: Home) -> None:
    with (shop / "items.csv").open("a") as file:
        file.write("77,Never bought,c\n")
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    items = vocabulary(home, "item_id")
    assert set(items) == {*range(1, 11), 77}
    assert items[-1] == 77  # without an event, behind all that have some
    assert set(vocabulary(home, "kind")) == {"a", "b", "c"}
    schema = Schema.load(home.schema("shop"))
    assert {"user_id", "item_id", "kind"} <= set(schema.names)


def test_a_new_day_appends_and_a_refit_orders_anew(shop: Path, home: Home) -> None:
    assert fitted(materialize(shop, UP_TO_WORKFLOW, *DAYS)) == "anew"
    before = vocabulary(home, "user_id")
    path = write_day(shop, date(2024, 1, 4), rows=8)
    rows = pl.read_csv(path)
    pl.concat([rows.with_columns(user=pl.lit(99).cast(pl.Int64))] * 20).write_csv(path)
    assert fitted(materialize(shop, UP_TO_WORKFLOW, "2024-01-04")) == "appended to"
    assert vocabulary(home, "user_id") == [*before, 99]
    path = write_day(shop, date(2024, 1, 1), rows=8)
    rows = pl.read_csv(path)
    pl.concat([rows.with_columns(user=pl.lit(7).cast(pl.Int64))] * 20).write_csv(path)
    result = materialize(shop, UP_TO_WORKFLOW, "2024-01-01", "2024-01-04", refit=True)
    assert fitted(result) == "anew"
    after = vocabulary(home, "user_id")
    assert (after[0], after[-1]) == (7, 99)  # 99 has most events, on a day that lists are judged by


def test_a_function_beside_the_yaml_makes_the_graph(shop: Path, home: Home) -> None:
    (shop / "features.py").write_text(
        "from ops_gpu.operators import Categorify\n"
        "def build(schema):\n"
        "    return ['user_id', 'item_id'] >> Categorify()\n"
    )
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  workflow: features.build\n")
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    assert Workflow.load(home.workflow("shop")).output_columns == ["user_id", "item_id"]


def test_a_graph_of_two_levels_is_fitted_from_all_events(shop: Path, home: Home) -> None:
    (shop / "features.py").write_text(
        "from ops_gpu.operators import Categorify, TargetEncoding\n"
        "def build(schema):\n"
        "    codes = ['user_id', 'item_id'] >> Categorify()\n"
        "    return codes + (codes['item_id'] >> TargetEncoding('label'))\n"
    )
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  workflow: features.build\n")
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    assert len(Workflow.load(home.workflow("shop")).output_columns) == 3
    before = vocabulary(home, "user_id")
    path = write_day(shop, date(2024, 1, 4), rows=8)
    rows = pl.read_csv(path)
    pl.concat([rows.with_columns(user=pl.lit(99).cast(pl.Int64))] * 20).write_csv(path)
    assert fitted(materialize(shop, UP_TO_WORKFLOW, "2024-01-04")) == "appended to"
    assert vocabulary(home, "user_id") == [*before, 99]


COLUMNS = "    categorical: [kind]\n"


@pytest.mark.parametrize("more", ["    continuous: [price]\n", "    lists: [colours]\n"], ids=["numbers", "lists"])
def test_a_new_column_in_the_yaml_stops_nothing(shop: Path, home: Home, more: str) -> None:
    """The days before are counted again with it, whichever day the next run is for."""
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    before = code_version(shop, "statistics")
    items = pl.read_csv(shop / "items.csv")
    items.with_columns(price=pl.col("item") * 1.5, colours=pl.lit("red|blue")).write_csv(shop / "items.csv")
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text().replace(COLUMNS, COLUMNS + more))
    assert code_version(shop, "statistics") != before
    write_day(shop, date(2024, 1, 4))
    result = materialize(shop, UP_TO_WORKFLOW, "2024-01-04")
    assert result.success, failure(result)
    assert remade(result) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert remade(materialize(shop, UP_TO_WORKFLOW, "2024-01-04")) == []
    name = "price" if "price" in more else "colours"
    found = Workflow.load(home.workflow("shop"))
    assert name in found.output_columns and found.input_schema[name].is_list is ("colours" in more)


def test_another_type_of_a_column_stops_nothing(shop: Path, home: Home) -> None:
    """Kinds become numbers in the file; the graph is the same, and the statistics of before do not mix."""
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    items = pl.read_csv(shop / "items.csv").with_columns(kind=pl.col("item") % 2)
    items.write_parquet(shop / "items.parquet")
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text().replace("items.csv", "items.parquet"))
    write_day(shop, date(2024, 1, 4))
    result = materialize(shop, UP_TO_WORKFLOW, "2024-01-04", refit=True)
    assert result.success, failure(result)
    assert vocabulary(home, "kind") == [0, 1]


def test_statistics_that_are_gone_or_damaged_are_made_again(shop: Path, home: Home) -> None:
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    whole = Workflow.load(home.workflow("shop")).hash()
    next(home.statistics("shop", "2024-01-02").glob("*.parquet")).write_bytes(b"half a file")
    (home.statistics("shop", "2024-01-03") / "statistics.json").unlink()
    result = materialize(shop, ["workflow"], refit=True)
    assert remade(result) == ["2024-01-02", "2024-01-03"]
    assert Workflow.load(home.workflow("shop")).hash() == whole


def code_version(shop: Path, asset: str) -> str | None:
    defs = dg.Definitions.merge(load(shop), shared_definitions(Home.from_environment()))
    return defs.resolve_asset_graph().get(dg.AssetKey(["shop", asset])).code_version


def remade(result: dg.ExecuteInProcessResult) -> list[str]:
    """Days whose statistics the workflow made anew, as Dagster was told."""
    events = result.get_asset_materialization_events()
    notes = [event for event in events if "made_anew" in event.materialization.metadata]
    return sorted(str(event.partition) for event in notes)


def test_codes_that_stand_for_no_single_value_are_shown_by_their_number(shop: Path, home: Home) -> None:
    (shop / "features.py").write_text(
        "from ops_gpu.operators import Categorify, HashBucket, Rename\n\n\n"
        "def build(schema):\n"
        '    pair = [["kind", "item_id"]] >> Categorify(encode_type="combo")\n'
        '    hashed = ["kind"] >> HashBucket(8) >> Rename(postfix="_hashed")\n'
        '    return (["user_id", "item_id", "kind"] >> Categorify()) + pair + hashed\n'
    )
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + "  workflow: features.build\n")
    result = materialize(shop, UP_TO_WORKFLOW, *DAYS)
    assert result.success
    shown = str(result.asset_materializations_for_node("shop__workflow")[0].metadata["vocabularies"].value)
    assert "| kind_item_id | 13 | - |" in shown
    assert "| kind_hashed | 8 | - |" in shown


def test_a_filter_that_does_not_fit_what_was_read_is_told_before_training(shop: Path, home: Home) -> None:
    serving = "  serving: {filters: [{name: rule, item: kind, comparison: above, value: 3}]}\n"
    (shop / "defs.yaml").write_text((shop / "defs.yaml").read_text() + serving)
    result = materialize(shop, UP_TO_WORKFLOW, *DAYS)  # categories may be numbers; these are texts
    assert not result.success
    assert "the filter 'rule' asks whether 'kind', one value of string an item, above a number" in failure(result)
    assert not home.workflow("shop").exists()


def written(home: Home) -> dict[str, bytes]:
    """All that the asset `workflow` writes."""
    folder = home.recommender("shop")
    kept = [*folder.glob("*workflow*"), folder / "planned_ranges.json"]
    files = [file for path in kept for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return {str(file): file.read_bytes() for file in files}


def test_a_fit_that_is_refused_leaves_all_as_it_was(shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    before = written(home)
    assert len(before) > 3
    path = write_day(shop, date(2024, 1, 4))
    path.write_text(path.read_text().replace("\n1,", "\n99,"))

    def refuse(*_: object) -> None:
        raise ValueError("no embedding fits")

    monkeypatch.setattr("ops_gpu.features.trainable.require_trainable", refuse)
    assert "no embedding fits" in failure(materialize(shop, UP_TO_WORKFLOW, "2024-01-04"))
    assert written(home) == before


@pytest.mark.parametrize("cut", ["planned", "challenger", "workflow", "note"])
@pytest.mark.parametrize("refit", [False, True], ids=["appended", "anew"])
def test_a_run_that_is_cut_off_is_seen_and_repaired_by_the_next(
    shop: Path, home: Home, monkeypatch: pytest.MonkeyPatch, cut: str, refit: bool
) -> None:
    assert materialize(shop, UP_TO_WORKFLOW, *DAYS).success
    path = write_day(shop, date(2024, 1, 4))
    path.write_text(path.read_text().replace("\n1,", "\n99,"))
    blueprint = blueprints(shop, home)[0]
    with monkeypatch.context() as patch:
        places = {"challenger": home.challenger_workflow("shop"), "workflow": home.workflow("shop")}
        save, write = Workflow.save, workflow_module.write_json

        def cut_off(workflow: Workflow, place: Path) -> None:
            if place == places.get(cut):
                raise OSError("the power failed")
            save(workflow, place)

        def no_note(values: object, place: Path) -> None:
            if cut == "note":
                raise OSError("the power failed")
            write(values, place)

        def no_plan(*_: object) -> None:
            if cut == "planned":
                raise OSError("the power failed")

        patch.setattr(Workflow, "save", cut_off)
        patch.setattr(workflow_module, "write_json", no_note)
        if cut == "planned":
            patch.setattr(workflow_module.DayRanges, "save_planned", no_plan)
        assert "the power failed" in failure(materialize(shop, UP_TO_WORKFLOW, "2024-01-04", refit=refit))
    with pytest.raises(ValueError, match="materialize shop/workflow"):
        next_workflows(blueprint)
    assert "materialize shop/workflow first" in failure(materialize(shop, ["features"], *DAYS))
    assert fitted(materialize(shop, UP_TO_WORKFLOW[5:])) == "anew"
    challenger, whole = next_workflows(blueprint)
    assert 99 in whole.vocabulary("user_id") and list(challenger.vocabulary("user_id")) == vocabulary(home, "user_id")
    assert fitted(materialize(shop, UP_TO_WORKFLOW[5:])) == "appended to"

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recsys_assets.blueprint.asset_names import CHAIN, RAW, SERVED
from recsys_assets.component.locations import OWN, load
from recsys_assets.component.shared_definitions import shared_definitions
from resources.home import Home

SNAPSHOT = Path(__file__).with_name("graph_snapshot.json")


@pytest.fixture
def demo(home: Home) -> dg.Definitions:
    return dg.Definitions.merge(load(OWN / "demo"), shared_definitions(home))


def described(defs: dg.Definitions) -> dict[str, Any]:
    """What a person sees of the graph: assets, edges, checks, conditions."""
    graph = defs.resolve_asset_graph()
    return {
        key.to_user_string(): {
            "after": sorted(parent.path[-1] for parent in graph.get(key).parent_keys),
            "group": graph.get(key).group_name,
            "kinds": sorted(graph.get(key).kinds),
            "daily": graph.get(key).is_partitioned,
            "condition": _label(graph.get(key).automation_condition),
            "checks": sorted(check.name for check in graph.get(key).check_keys),
        }
        for key in graph.toposorted_asset_keys
    }


def _label(condition: dg.AutomationCondition[Any] | None) -> str | None:
    return condition.get_label() if condition else None


def test_the_graph_is_the_one_that_was_agreed_on(demo: dg.Definitions) -> None:
    found = described(demo)
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(json.dumps(found, indent=2) + "\n")
        pytest.fail(f"{SNAPSHOT} was written anew; look at what changed, and run this test again.")
    assert found == json.loads(SNAPSHOT.read_text()), (
        f"The asset graph differs from {SNAPSHOT}; where that is meant, remove the file and run this test again."
    )


def test_the_chain_is_every_asset_but_generated_logs_and_what_was_served(demo: dg.Definitions) -> None:
    keys = {key.path[-1] for key in demo.resolve_asset_graph().get_all_asset_keys()}
    assert keys - set(CHAIN) == {"raw_logs", *RAW.values(), SERVED}


def test_nothing_that_builds_the_chain_asks_for_what_was_served(demo: dg.Definitions) -> None:
    repository = demo.get_repository_def()
    targets = {
        one.name: {key.path[-1] for key in repository.get_job(one.job_name).asset_layer.selected_asset_keys}
        for one in (*repository.sensor_defs, *repository.schedule_defs)
        if one.name != "automation"
    }
    assert targets.pop("demo_served") == {SERVED}
    assert set(targets) == {"demo_logs", "demo_nightly", "demo_refit"}
    assert all(names == {"raw_logs", *CHAIN} for names in targets.values())


def test_days_of_serving_are_not_days_of_the_log(demo: dg.Definitions) -> None:
    graph = demo.resolve_asset_graph()
    days = {key.path[-1]: graph.get(key).partitions_def for key in graph.get_all_asset_keys()}
    assert days["interactions"] == days["statistics"] == days["item_state"] == days["features"] != days[SERVED]
    assert len({repr(one) for one in days.values() if one}) == 2


def test_everything_is_explained(demo: dg.Definitions) -> None:
    graph = demo.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        assert len(graph.get(key).description or "") > 60, key
    for check in demo.get_repository_def().asset_checks_defs_by_key.values():
        for spec in check.check_specs:
            assert spec.blocking is (spec.name != "served_whole"), spec.key
            assert len(spec.description or "") > 60, spec.key


def test_every_asset_runs_over_a_range_in_one_run(demo: dg.Definitions) -> None:
    made = [one for one in demo.get_repository_def().assets_defs_by_key.values() if one.is_executable]
    assert len(made) == len(CHAIN) + 2  # and not those that somebody else writes
    for asset in made:
        assert asset.backfill_policy == dg.BackfillPolicy.single_run()
        assert all(asset.code_versions_by_key.values())


def test_a_setting_makes_stale_what_depends_on_it_and_nothing_else(shop: Path, home: Home) -> None:
    before = versions(shop)
    text = (shop / "defs.yaml").read_text()
    (shop / "defs.yaml").write_text(text + "  ranking: {epochs: 2}\n")
    assert {asset for asset, version in versions(shop).items() if version != before[asset]} == {"ranking_model"}
    (shop / "defs.yaml").write_text(text.replace("stars >= 4", "stars >= 3"))
    changed = {asset for asset, version in versions(shop).items() if version != before[asset]}
    assert changed == {"interactions", "users", "items"}


def versions(shop: Path) -> dict[str, str | None]:
    assets = load(shop).assets or []
    return {
        key.path[-1]: asset.code_versions_by_key[key]
        for asset in assets
        if isinstance(asset, dg.AssetsDefinition)
        for key in asset.keys
    }

from __future__ import annotations

from pathlib import Path

from ops_gpu.logs import IdTypes
from recsys_assets.files import read_json, write_json
from recsys_assets.id_types import id_types
from recsys_assets.locations import blueprints
from resources.home import Home


def test_the_decision_is_kept(shop: Path, home: Home) -> None:
    plan = blueprints(shop, home)[0]
    assert id_types(plan) == IdTypes("integer", "integer")
    (shop / "logs" / "2024-01-04.csv").write_text("user,item,time,stars\nbob,1,2024-01-04,5\n")
    assert id_types(plan) == IdTypes("integer", "integer")


def test_what_an_older_version_decided_holds_and_is_completed(shop: Path, home: Home) -> None:
    yaml = (shop / "defs.yaml").read_text().replace("    label:", "    categorical: [stars]\n    label:")
    (shop / "defs.yaml").write_text(yaml)
    plan = blueprints(shop, home)[0]
    id_types(plan)
    path = home.recommender("shop") / "id_types.json"
    values = read_json(path)
    assert values["types"] == {"user": "integer", "item": "integer", "kept": {"stars": "string"}}
    write_json(values | {"types": {"user": "string", "item": "integer"}}, path)
    assert id_types(plan) == IdTypes("string", "integer", {"stars": "string"})
    assert read_json(path)["types"]["kept"] == {"stars": "string"}

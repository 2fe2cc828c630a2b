from __future__ import annotations

import json
from pathlib import Path

from benchmarks.road import BEFORE_LISTS, BESIDE_LISTS

GRAPH = Path(__file__).parents[1] / "recsys_assets" / "component" / "graph_snapshot.json"


def test_what_leads_to_the_lists_is_what_the_graph_says() -> None:
    after = {name.partition("/")[2]: node["after"] for name, node in json.loads(GRAPH.read_text()).items()}
    found, asked = {"training_lists"}, ["training_lists"]
    while asked:
        above = [asset for asset in after[asked.pop()] if asset != "retrieval_model" and asset not in found]
        found |= set(above)
        asked += above
    made = {asset for asset in found if not asset.startswith("raw_")}
    assert made == set(BEFORE_LISTS) - {BESIDE_LISTS}
    assert BESIDE_LISTS in after

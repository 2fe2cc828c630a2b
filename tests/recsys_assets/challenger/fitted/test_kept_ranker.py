from __future__ import annotations

from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl

from resources.home import Home
from tests.recsys_assets.hits_world import FIRST, LAST, write_world
from tests.recsys_assets.runs import failure, materialize

DAILY = ["interactions", "users", "items", "statistics", "item_state", "workflow", "schema", "features"]
MODELS = ["retrieval_model", "training_lists", "ranking_model"]


def how(result: dg.ExecuteInProcessResult) -> str:
    """How the ranker was fitted."""
    assert result.success, failure(result)
    [made] = result.asset_materializations_for_node("hits__ranking_model")
    return str(made.metadata["fitted"].value)


def epochs(home: Home) -> int:
    return len(np.load(home.ranking_model("hits") / "losses.npy"))


def test_a_ranker_goes_on_where_the_retrieval_models_do(tmp_path: Path, home: Home) -> None:
    folder = write_world(tmp_path)
    assert how(materialize(folder, [*DAILY, *MODELS], FIRST, "2026-01-19")) == "anew" and epochs(home) == 6
    assert how(materialize(folder, MODELS)) == "as before" and epochs(home) == 6
    assert how(materialize(folder, [*DAILY, *MODELS], "2026-01-20", LAST)) == "continued" and epochs(home) == 7

    yaml = folder / "defs.yaml"
    yaml.write_text(yaml.read_text().replace("popular: 60", "popular: 50"))
    assert how(materialize(folder, MODELS)) == "anew"  # other lists, and other settings of the ranker
    (home.ranking_model("hits") / "losses.npy").write_bytes(b"nothing")
    assert how(materialize(folder, ["ranking_model"])) == "anew"
    log = pl.read_csv(folder / "log.csv")
    log.filter(~((pl.col("time").str.starts_with("2026-01-05")) & (pl.col("user") < 50))).write_csv(folder / "log.csv")
    assert how(materialize(folder, [*DAILY, *MODELS], "2026-01-05")) == "anew"  # as the models beside it

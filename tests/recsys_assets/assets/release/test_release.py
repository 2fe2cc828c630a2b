from __future__ import annotations

import polars as pl
import pytest

from recsys_assets.blueprint.json_files import write_frame
from recsys_assets.challenger.users_to_try import some_users
from recsys_assets.component.locations import blueprints
from resources.home import Home

EXTREMES = {
    "few": [1, 2, 3],
    "none": [],
    "largest": [5, 2**63 - 1],
    "largest two": [2**63 - 2, 2**63 - 1],
    "negative": [-7, -2],
    "text": ["a", "nobody has this id"],
}


@pytest.mark.parametrize("ids", EXTREMES.values(), ids=EXTREMES.keys())
def test_a_release_is_tried_with_known_users_and_with_nobody(shop: object, home: Home, ids: list[object]) -> None:
    (blueprint,) = blueprints(shop, home)  # type: ignore[arg-type]
    dtype = pl.String if "a" in ids else pl.Int64
    write_frame(pl.DataFrame({"user_id": pl.Series(ids, dtype=dtype)}), home.users("shop"))
    *known, nobody = some_users(blueprint)
    assert set(known) == set(ids)
    assert nobody not in ids
    if dtype == pl.Int64:
        assert -(2**63) < nobody < 2**63

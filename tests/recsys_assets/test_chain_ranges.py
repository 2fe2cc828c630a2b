from __future__ import annotations

from pathlib import Path

import pytest

from ops_gpu.ranges import Ranges
from recsys_assets.chain_ranges import ChainRanges
from recsys_assets.locations import blueprints
from resources.home import Home

DAY = 86_400


def test_what_was_decided_is_read_back(shop: Path, home: Home) -> None:
    (plan,) = blueprints(shop, home)
    with pytest.raises(FileNotFoundError, match="shop/retrieval_model"):
        ChainRanges.load(plan)
    chain = ChainRanges(Ranges(0, 10 * DAY, 14 * DAY, "live"), "a" * 64, 5 * DAY)
    home.retrieval_model("shop").mkdir(parents=True)
    chain.save(home.retrieval_model("shop"))
    assert ChainRanges.load(plan) == chain


def test_the_days_in_words() -> None:
    chain = ChainRanges(Ranges(0, 10 * DAY, 14 * DAY, "recorded"), "a" * 64)
    assert chain.metadata() == {
        "fitted_on": "1970-01-01 to 1970-01-10",
        "evaluated_on": "1970-01-11 to 1970-01-14",
        "compared_with": "what release aaaaaaaaaaaa reached on these days before it was continued",
    }

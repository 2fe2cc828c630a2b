from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.component.locations import blueprints
from recsys_assets.lookup.reading_plan import reading_plan
from resources.home import Home
from tests.tiny import Tiny


@pytest.mark.parametrize(("refit", "how"), [(True, "fits everything anew"), (False, "goes on with what is fitted")])
def test_what_is_read_and_made(shop: Path, home: Home, refit: bool, how: str) -> None:
    read, made = reading_plan(blueprints(shop, home)[0], refit)
    assert read == "reads 3 files of interactions (0.0 MB), 1 file of items (0.0 MB), 3 days"
    assert made == f"{how}; 17 assets, up to the live release"


def test_what_is_generated_first(tmp_path: Path, home: Home) -> None:
    tiny = Tiny.make(tmp_path)
    read, _ = reading_plan(blueprints(tiny.folder, home)[0], refit=True)
    assert read == "generates 6,000 events of 300 users, and reads them, 24 days"

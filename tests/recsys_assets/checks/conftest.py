from __future__ import annotations

from pathlib import Path

import pytest

from tests.recsys_assets.checks.gates import Gates
from tests.tiny import Tiny


@pytest.fixture
def gates(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gates:
    """The gates of a recommender that passed all of them, over a copy that may be spoiled."""
    monkeypatch.setenv("RECSYS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RECSYS_RECOMMENDERS", raising=False)
    return Gates.over(tiny, tmp_path)

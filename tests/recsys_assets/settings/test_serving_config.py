from __future__ import annotations

import pytest

from recsys_assets.settings.serving_config import ServingConfig
from serving.ensemble.release_parts import ITEM_MEMORY_MB


def test_the_defaults() -> None:
    assert ServingConfig() == ServingConfig(item_memory_mb=ITEM_MEMORY_MB)


def test_what_is_negative_is_refused() -> None:
    with pytest.raises(ValueError, match="item_memory_mb is -1"):
        ServingConfig(item_memory_mb=-1)

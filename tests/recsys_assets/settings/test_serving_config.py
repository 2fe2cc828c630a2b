from __future__ import annotations

import pytest

from recsys_assets.settings.serving_config import ServingConfig
from serving.ensemble.release_parts import ITEM_MEMORY_MB


def test_the_defaults() -> None:
    assert ServingConfig() == ServingConfig(temperature=0.0, item_memory_mb=ITEM_MEMORY_MB)


@pytest.mark.parametrize("name", ["temperature", "item_memory_mb"])
def test_what_is_negative_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is -1"):
        ServingConfig(**{name: -1})

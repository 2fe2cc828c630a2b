from __future__ import annotations

from typing import Any

import pytest

from ops_gpu.logs import InteractionLog, LogError, LogSource


def log(**settings: Any) -> InteractionLog:
    return InteractionLog(LogSource("x.csv"), user="u", item="i", time="t", **settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"time_unit": "minutes"}, "time_unit is 'minutes', expected one of auto, s, ms"),
        ({"user_id_type": "float"}, "user_id_type is 'float'"),
        ({"label": "rating >="}, "label 'rating >=' is not an SQL expression"),
        ({"filters": ["a > 1", "b <"]}, "filter 'b <' is not an SQL expression"),
        ({"categorical": ["label"]}, "'label' has the name of a column that we build"),
        ({"categorical": ["a"], "continuous": ["a"]}, "'a' is listed twice"),
    ],
)
def test_wrong_settings_are_told_before_any_file_is_opened(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(LogError, match=said):
        log(**settings)


def test_raw_columns_are_all_that_reading_needs() -> None:
    settings = log(label="r > 1", filters="q > 0 AND u IS NOT NULL", unique=["u", "inv"], continuous=["p"])
    assert settings.raw_columns == ["u", "i", "t", "q", "r", "inv", "p"]

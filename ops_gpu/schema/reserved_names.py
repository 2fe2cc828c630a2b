"""Names of columns that the models and the feature rows have for themselves."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal["users", "items"]

_RANKER = r"(bottom|top)_\d+|bottom_out|interaction|logit|normalization|ranking_features"
_LAYERS = rf"{_RANKER}|(masked_mean|concatenate|clip)(_\d+)?"
_TOWERS: dict[Role, str] = {"users": r"query_(hidden_\d+|out|unit)", "items": r"item_(hidden_\d+|out|unit)"}
_EVENT = r"timestamp|label|unknown_(user|item)|history|user_items|own_(count|days)"
_ROWS = rf"{_EVENT}|item_(positive_rate|item_age|total|popularity_(share_)?\d+)"
_PATTERNS = {role: re.compile(f"{_LAYERS}|{tower}|{_ROWS}") for role, tower in _TOWERS.items()}


def is_reserved(name: str, role: Role) -> bool:
    """Whether a feature column of users or items must not have this name.

    It is the name of an input or a layer of a tower or of the ranker, where it would be there twice, or of a column
    that is computed for every event (`event_features`).

    Args:
        name: of the column, as models see it.
        role: whose it is.
    """
    return _PATTERNS[role].fullmatch(name) is not None

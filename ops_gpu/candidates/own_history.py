"""Candidates that the user has chosen before: repurchases."""

from __future__ import annotations

import numpy as np

from ops_gpu.candidates.candidates import SourceList, top_of_rows
from ops_gpu.history import Histories
from ops_gpu.snapshot import Snapshot


def retrieve_history(snapshot: Snapshot, histories: Histories, size: int) -> SourceList:
    """The user's own available items, most often chosen first, the later one on ties."""
    mine = snapshot.available[histories.items.values] & (histories.positive > 0)
    own = histories.items.keep(mine)
    age = np.maximum(snapshot.as_of - histories.last[mine], 0)
    score = histories.positive[mine] + 1.0 / (2.0 + age / 86_400.0)  # below one: only ever breaks ties of count
    return top_of_rows(own.row_ids, own.values, score.astype(np.float32), len(histories), size)

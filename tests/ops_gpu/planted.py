"""Data with planted structure: users like items of their own kind, and every item is as popular as any other."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.entity_workflow import fit_workflow
from ops_gpu.features.training_data import TrainingData
from ops_gpu.schema.raw_schema import raw_schema
from ops_gpu.workflow.default_workflow import default_workflow
from ops_gpu.workflow.workflow import Workflow

KINDS, USERS, ITEMS, COLD = 6, 120, 90, 10  # the last `COLD` users and items have no event
HISTORY = 6


def planted() -> tuple[TrainingData, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Data, and the kind of every user code and of every item code (-1 for the special ones)."""
    random = np.random.default_rng(3)
    users = pl.DataFrame({"user_id": np.arange(USERS), "taste": [f"t{u % KINDS}" for u in range(USERS)]})
    items = pl.DataFrame(
        {"item_id": np.arange(ITEMS), "kind": [f"k{i % KINDS}" for i in range(ITEMS)], "available": [True] * ITEMS}
    )
    user = np.repeat(np.arange(USERS - COLD), 12)
    item = random.integers(0, (ITEMS - COLD) // KINDS, len(user)) * KINDS + user % KINDS
    time = [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in random.integers(0, 20 * 1440, len(user))]
    events = pl.DataFrame({"user_id": user, "item_id": item, "timestamp": time, "label": [True] * len(user)})
    schema = raw_schema(users, items)
    workflow = fit_workflow(events, users, items, Workflow(default_workflow(schema), schema))
    data = TrainingData.assemble(events, users, items, workflow, HISTORY)
    kinds = [np.full(size, -1) for size in (data.users.size, data.items.size)]
    kinds[0][workflow.encode("user_id", np.arange(USERS))] = np.arange(USERS) % KINDS
    kinds[1][workflow.encode("item_id", np.arange(ITEMS))] = np.arange(ITEMS) % KINDS
    return data, kinds[0], kinds[1]

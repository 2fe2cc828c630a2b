"""A release with the users and items that recommenders stumble over, beside many ordinary ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ops_gpu.candidates.candidate_config import CandidateConfig
from ops_gpu.recommender.fit_config import FitConfig
from ops_gpu.schema.schema import Schema
from serving.operators.features.query_feast import QueryFeast
from serving.release.manifest import ReleaseMetadata
from serving.release.release import Release
from tests.serving.whole_release import AS_OF, NAME, Whole, _data, _parts, _workflow, _write_users

ITEMS, FEATURELESS = 60, (1058, 1059)
"""Number of items, and those that the items table does not have."""
SATED, ALMOST = "sated", "almost"
"""A user who has seen every item, and one who has seen all but two."""
LEFT = (1020, 1058)
"""What the latter has not seen."""


def edge_release(root: Path, users: int = 1000, events: int = 20_000) -> Whole:
    """Builds the release under `root/releases`; user ids are "u0", "u1", ..., item ids 1000 to 1059.

    Every source may bring more candidates than there are items, and the towers' index is searched for more than it
    holds. Two of 100 events are with items that have no features.
    """
    random = np.random.default_rng(1)
    ids = [f"u{user}" for user in range(users)] + [SATED, ALMOST]
    unseen = set(LEFT)
    pairs = [(SATED, 1000 + item) for item in range(ITEMS)]
    pairs += [(ALMOST, 1000 + item) for item in range(ITEMS) if 1000 + item not in unseen]
    user = [*(ids[n] for n in random.integers(0, users, events)), *(user for user, _ in pairs)]
    item = [*(1000 + random.zipf(1.3, events) % ITEMS).tolist(), *(item for _, item in pairs)]
    raw_events = pl.DataFrame(
        {
            "user_id": user,
            "item_id": item,
            "timestamp": pl.from_epoch(pl.Series(random.integers(0, AS_OF, len(user))), "s"),
            "label": np.ones(len(user), np.bool_),
        }
    )
    raw_users = pl.DataFrame(
        {
            "user_id": ids,
            "age": random.normal(40, 9, len(ids)).astype(np.float32),
            "city": [f"city {i}" for i in random.integers(0, 7, len(ids))],
        }
    )
    raw_items = pl.DataFrame(
        {
            "item_id": 1000 + np.arange(ITEMS),
            "price": random.lognormal(size=ITEMS).astype(np.float32),
            "genres": [[f"g{g}" for g in random.integers(0, 9, n)] for n in random.integers(1, 4, ITEMS)],
        }
    )
    workflow = _workflow(raw_events, raw_users, raw_items)
    data = _data(workflow, raw_events, raw_users, raw_items.filter(~pl.col("item_id").is_in(FEATURELESS)))
    parts = _parts(
        workflow, data, FitConfig(candidates=CandidateConfig({"two_tower": 90, "popular": 90, "co_occurrence": 90}))
    )
    folder, raw_schema = root / "parts", Schema.from_polars(raw_users.drop("user_id"))
    feast = QueryFeast(f"../../../feast/{NAME}", raw_schema.to_dict(), user_id_dtype="string")
    parts.write(folder, ["user_id"] >> feast, raw_schema, {"user": "string", "item": "int64"})
    _write_users(root, raw_users, raw_events)
    release = Release.write(folder, root / "releases", NAME, ReleaseMetadata())
    return Whole(release, parts, raw_users, raw_items)

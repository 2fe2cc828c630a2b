"""The demo's raw data: a film service with planted tastes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from datetime import time as clock
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.primitives.atomic_file import atomic_file
from ops_gpu.synthetic.audience import Audience
from ops_gpu.synthetic.catalogue import Catalogue
from ops_gpu.synthetic.liking import watched_shares
from ops_gpu.synthetic.oracle import Oracle
from ops_gpu.synthetic.picks import Picks, draw_picks
from ops_gpu.synthetic.popularity import drifting_popularity
from ops_gpu.synthetic.settings import DemoSettings
from ops_gpu.synthetic.tastes import Tastes

_DAY = 86_400


@dataclass(frozen=True)
class DemoData:
    """Generated raw data, as a shop or a service would export it, and the truth behind it.

    Args:
        settings: what was asked for.
        interactions: `user_id`, `item_id`, `timestamp` (Datetime[us], UTC), `watched` (share, 0 to 1), by
            time.
        users: `user_id`, `country`, `age_group`, `device`, `tenure_days`.
        items: `item_id`, `title`, `genres`, `studio`, `language`, `price`, `runtime`, `released`,
            `available`.
        oracle: the planted truth.

    Example:
        >>> data = DemoData.generate(DemoSettings(users=50, items=100, days=10, events=400))
        >>> data.users.height
        50
    """

    settings: DemoSettings
    interactions: pl.DataFrame
    users: pl.DataFrame
    items: pl.DataFrame
    oracle: Oracle

    @classmethod
    def generate(cls, settings: DemoSettings | None = None) -> DemoData:
        """Generates everything from the seed.

        Every part draws from a stream of its own, so that changing one leaves the others as they are.
        """
        chosen = settings or DemoSettings()
        streams = [np.random.default_rng([chosen.seed, part]) for part in range(6)]
        catalogue = Catalogue.generate(chosen, streams[0])
        audience = Audience.generate(chosen, streams[1])
        tastes = Tastes.generate(audience, catalogue, streams[2])
        popularity = drifting_popularity(catalogue, chosen, streams[3])
        picks = draw_picks(audience, tastes, popularity, chosen, streams[4])
        return cls(
            settings=chosen,
            interactions=_events(picks, tastes, chosen, streams[5]),
            users=audience.frame(chosen),
            items=catalogue.frame(chosen),
            oracle=Oracle(tastes, popularity, chosen.start),
        )

    def write(self, folder: Path) -> None:
        """Writes `interactions/<day>.parquet`, `users.parquet`, `items.parquet` and `truth.npz`.

        Args:
            folder: where to; made if it is missing. Files of the same names are replaced, each at once.
        """
        events = folder / "interactions"
        events.mkdir(parents=True, exist_ok=True)
        for (day,), rows in self.interactions.group_by(pl.col("timestamp").dt.date(), maintain_order=True):
            _write(rows, events / f"{day}.parquet")
        _write(self.users, folder / "users.parquet")
        _write(self.items, folder / "items.parquet")
        self.oracle.save(folder / "truth.npz")


def _events(picks: Picks, tastes: Tastes, settings: DemoSettings, generator: np.random.Generator) -> pl.DataFrame:
    affinity = np.einsum("ij,ij->i", tastes.users[picks.user], tastes.items[picks.item])
    moments = picks.day * _DAY + _seconds(picks, generator)
    start = datetime.combine(settings.start, clock.min)
    frame = pl.DataFrame(
        {
            "user_id": picks.user + 1,
            "item_id": picks.item + 1,
            "seconds": moments,
            "watched": watched_shares(affinity, generator),
        }
    )
    when = (pl.lit(start) + pl.duration(seconds="seconds")).cast(pl.Datetime("us")).alias("timestamp")
    return frame.select("user_id", "item_id", when, "watched").sort("timestamp", "user_id", "item_id")


def _seconds(picks: Picks, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Seconds within the day: most people watch in the evening."""
    evening = generator.normal(20 * 3600, 2 * 3600, len(picks.day))
    daytime = generator.uniform(8 * 3600, 24 * 3600, len(picks.day))
    moment = np.where(generator.random(len(picks.day)) < 0.7, evening, daytime)
    return np.clip(moment, 0, _DAY - 1).astype(np.int64)


def _write(frame: pl.DataFrame, path: Path) -> None:
    with atomic_file(path) as aside:
        frame.write_parquet(aside)

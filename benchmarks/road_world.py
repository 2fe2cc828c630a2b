"""A log of any size with planted tastes, written a day at a time: what `road.py` drives through the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

FIRST = date(2024, 1, 1)
SIZE = " M events: "
TASTES = 24
YAML = """type: recsys_assets.Recommender
attributes:
  name: {name}
  description: A generated log of {events} events over {days} days.
  interactions:
    source:
      path: logs/*.parquet
    user: user
    item: item
    time: time
    label: liked
  users:
    source:
      path: users.parquet
    id: user
    categorical: [country]
    continuous: [age]
  items:
    source:
      path: items.parquet
    id: item
    title: title
    categorical: [maker]
    continuous: [price]
    lists: [kinds]
"""


@dataclass(frozen=True)
class RoadWorld:
    """How large the log is.

    Args:
        events: about how many; those of a day vary by a tenth.
        users: how many; some are a hundred times as busy as others.
        items: how many; each belongs to one of the tastes, and some are far more popular than others.
        days: over which they spread.
        seed: of everything random.
    """

    events: int
    users: int
    items: int
    days: int = 365
    seed: int = 11

    @property
    def name(self) -> str:
        """Name of the recommender: its size."""
        return f"road-{self.events}-{self.days}"

    @property
    def label(self) -> str:
        """What the figures are of."""
        return f"{self.events / 1e6:g}{SIZE}"

    def write(self, folder: Path) -> None:
        """Writes YAML, tables and logs into a folder, unless they are there."""
        if (folder / "defs.yaml").exists():
            return
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(self.seed)
        taste_of_item, taste_of_user = random.integers(0, TASTES, self.items), random.integers(0, TASTES, self.users)
        self._tables(random, taste_of_item, taste_of_user, folder)
        for number in range(self.days):
            self._write_day(folder, number, taste_of_user, taste_of_item)
        text = YAML.format(name=self.name, events=self.events, days=self.days)
        (folder / "defs.yaml").write_text(text, encoding="utf-8")

    def append(self, folder: Path) -> date:
        """Writes the day after the newest one, and tells which it is."""
        random = np.random.default_rng(self.seed)
        taste_of_item, taste_of_user = random.integers(0, TASTES, self.items), random.integers(0, TASTES, self.users)
        return self._write_day(folder, len(list((folder / "logs").glob("*.parquet"))), taste_of_user, taste_of_item)

    def _write_day(
        self, folder: Path, number: int, taste_of_user: npt.NDArray[np.int64], taste_of_item: npt.NDArray[np.int64]
    ) -> date:
        busy = np.cumsum(np.random.default_rng((self.seed, 1)).lognormal(0.0, 1.2, self.users))
        by_taste = [np.flatnonzero(taste_of_item == taste) for taste in range(TASTES)]
        day, random = FIRST + timedelta(number), np.random.default_rng((self.seed, 2, number))
        self._day(random, number, busy, taste_of_user, by_taste).write_parquet(folder / "logs" / f"{day}.parquet")
        return day

    def _tables(
        self, random: np.random.Generator, items: npt.NDArray[Any], users: npt.NDArray[Any], folder: Path
    ) -> None:
        """Makers and kinds go with the taste of the item, countries with that of the user."""
        people = {
            "user": np.arange(self.users) + 1,
            "country": [f"country {taste % 7}" for taste in users],
            "age": random.integers(18, 80, self.users),
        }
        pl.DataFrame(people).write_parquet(folder / "users.parquet")
        other = random.integers(0, TASTES, self.items)
        things = {
            "item": np.arange(self.items) + 1,
            "title": [f"Item {number + 1}" for number in range(self.items)],
            "maker": [f"maker {taste}-{number % 20}" for number, taste in enumerate(items)],
            "price": random.lognormal(3.0, 0.6, self.items).round(2),
            "kinds": [[f"kind {one}", f"kind {two}"] for one, two in zip(items, other, strict=True)],
        }
        pl.DataFrame(things).write_parquet(folder / "items.parquet")

    def _day(
        self,
        random: np.random.Generator,
        number: int,
        busy: npt.NDArray[np.float64],
        taste_of_user: npt.NDArray[np.int64],
        by_taste: list[npt.NDArray[np.int64]],
    ) -> pl.DataFrame:
        """One day: most of the time users follow their taste, and within a taste few items take most."""
        size = int(self.events / self.days * random.uniform(0.9, 1.1))
        user = np.searchsorted(busy, random.random(size) * busy[-1])
        follows = random.random(size) < 0.7
        taste = np.where(follows, taste_of_user[user], random.integers(0, TASTES, size))
        item = np.empty(size, np.int64)
        for one, items in enumerate(by_taste):
            mine = np.flatnonzero(taste == one)
            # what is popular moves on by a thirtieth of the catalogue a month
            shift = len(items) * number // 900
            place = (len(items) * random.random(len(mine)) ** 3).astype(np.int64)
            item[mine] = items[(place + shift) % len(items)]
        seconds = np.sort(random.integers(0, 86_400, size))
        start = datetime.combine(FIRST + timedelta(number), datetime.min.time())
        time = pl.Series(seconds * 1_000_000).cast(pl.Duration("us")) + start
        liked = random.random(size) < np.where(follows, 0.7, 0.3)
        return pl.DataFrame({"user": user + 1, "item": item + 1, "time": time, "liked": liked})

"""What days teach of every item, in small frames that merge: the counts behind the item state."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl

from ops_gpu.interactions.days.day_stamp import CONTENT
from ops_gpu.interactions.events import DAY
from ops_gpu.interactions.item_state_config import ItemStateConfig


@dataclass(frozen=True)
class ItemCounts:
    """Counts of the items that had an event in some days, as of the end of those days.

    Args:
        frame: a row an item: `item_id` (as in the log), `seen` and `liked` (events, and positive ones), `first` and
            `last` (epoch seconds), and `decayed_0`, `decayed_1`, ...: positive events, each halved in weight a
            half-life of age, in the order of `half_lives`.
        as_of: epoch seconds; the events are from before it, and ages end at it.
    """

    frame: pl.DataFrame
    as_of: int

    @classmethod
    def count(cls, events: pl.DataFrame, as_of: int, config: ItemStateConfig) -> ItemCounts:
        """Counts events.

        Args:
            events: `item_id`, `timestamp` (cut to seconds) and `label`; all of it before `as_of`.
            as_of: epoch seconds.
            config: half-lives.
        """
        time = pl.col("timestamp").dt.epoch("s")
        liked = pl.col("label").fill_null(False)
        age = (as_of - pl.col("time")) / DAY
        decays = [
            (pl.col("liked") * pl.lit(0.5).pow(age / days)).sum().alias(f"decayed_{number}")
            for number, days in enumerate(half_lives(config))
        ]
        frame = (
            events.lazy()
            .select("item_id", time.alias("time"), liked.cast(pl.Int64).alias("liked"))
            .group_by("item_id")
            .agg(
                pl.len().cast(pl.Int64).alias("seen"),
                pl.col("liked").sum(),
                pl.col("time").min().alias("first"),
                pl.col("time").max().alias("last"),
                *decays,
            )
            .sort("item_id")
            .collect()
        )
        return cls(frame, as_of)

    @classmethod
    def merge(cls, parts: Sequence[ItemCounts], as_of: int, config: ItemStateConfig) -> ItemCounts:
        """Counts of all days of the parts, at least one, which have no event in common.

        Args:
            parts: counts.
            as_of: epoch seconds, not before that of any part.
            config: half-lives, as the parts were counted with.
        """
        lives = list(enumerate(half_lives(config)))
        aged = [
            part.frame.lazy().with_columns(
                pl.col(f"decayed_{number}") * 0.5 ** ((as_of - part.as_of) / (DAY * days)) for number, days in lives
            )
            for part in parts
        ]
        sums = [pl.col("seen", "liked").sum(), pl.col("first").min(), pl.col("last").max()]
        decays = [pl.col(f"decayed_{number}").sum() for number, _ in lives]
        merged = pl.concat(aged).group_by("item_id").agg(*sums, *decays).sort("item_id")
        return cls(merged.collect(), as_of)

    def save(self, path: Path, content: str | None = None) -> None:
        """Writes a Parquet file.

        Args:
            path: the file.
            content: `day_stamp` of the events that were counted, where they are those of a file.
        """
        noted = {"as_of": str(self.as_of)} | ({} if content is None else {CONTENT: content})
        self.frame.write_parquet(path, metadata=noted)

    @classmethod
    def load(cls, path: Path) -> ItemCounts:
        """Reads what `save` wrote."""
        return cls(pl.read_parquet(path, glob=False), int(pl.read_parquet_metadata(path)["as_of"]))


def half_lives(config: ItemStateConfig) -> tuple[float, ...]:
    """Days at which a positive event counts half: those of the ranking features, then that of the popular source."""
    return (*config.half_lives_days, config.popular_half_life_days)


def half_lives_key(config: ItemStateConfig) -> str:
    """Names what was counted with these half-lives: counts of others do not add up with them."""
    return sha256(json.dumps(half_lives(config)).encode()).hexdigest()[:8]

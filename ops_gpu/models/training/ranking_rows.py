"""RankingRows: lists of candidates with labels, what a ranker learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.features.feature_table import FeatureTable

FEATURE, TAUGHT = "feature:", "taught:"


@dataclass(frozen=True)
class RankingRows:
    """Lists of candidates with labels.

    Args:
        user: int32 `[rows]`, user code of each row.
        item: int32 `[rows]`, candidate.
        features: float32 `[rows, features]`, as of the list's moment.
        label: bool `[rows]`, whether the user chose it within the horizon.
        lists: int64 `[lists + 1]`, where each list begins.
        moment: int64 `[lists]`, epoch seconds.
        names: of the features.
        taught: columns of users and items as they stood at the list's moment, `[rows]` each, by name; of the others,
            what they are now is what they were.
    """

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    features: npt.NDArray[np.float32]
    label: npt.NDArray[np.bool_]
    lists: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    names: tuple[str, ...]
    taught: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def empty(cls, names: tuple[str, ...]) -> RankingRows:
        """No list at all, of features of these names."""
        features = np.empty((0, len(names)), np.float32)
        codes, none = np.empty(0, np.int32), np.empty(0, np.int64)
        return cls(codes, codes, features, np.empty(0, np.bool_), np.zeros(1, np.int64), none, names)

    @classmethod
    def concatenate(cls, parts: list[RankingRows]) -> RankingRows:
        """All lists of several moments, at least one.

        Raises:
            ValueError: when they hold other columns than each other.
        """
        for part in parts:
            if (part.names, set(part.taught)) != (parts[0].names, set(parts[0].taught)):
                raise ValueError(
                    f"the training lists of one moment have the columns {[*part.names, *sorted(part.taught)]}, "
                    f"expected those of another one, {[*parts[0].names, *sorted(parts[0].taught)]}; make them all anew "
                    "(remove the files of `training_lists`, and materialize it)."
                )
        offsets = np.cumsum([0, *(len(p.item) for p in parts)])
        lists = [p.lists[:-1] + offset for p, offset in zip(parts, offsets, strict=False)]
        return cls(
            np.concatenate([p.user for p in parts]),
            np.concatenate([p.item for p in parts]),
            np.concatenate([p.features for p in parts]),
            np.concatenate([p.label for p in parts]),
            np.concatenate([*lists, offsets[-1:]]),
            np.concatenate([p.moment for p in parts]),
            parts[0].names,
            {name: np.concatenate([p.taught[name] for p in parts]) for name in parts[0].taught},
        )

    def with_taught(self, users: FeatureTable, items: FeatureTable, names: Sequence[str]) -> RankingRows:
        """The same lists with some columns of users and items beside them, as these tables have them."""
        columns = {name: users.columns[name][self.user] for name in names if name in users.columns}
        columns |= {name: items.columns[name][self.item] for name in names if name in items.columns}
        return replace(self, taught=columns)

    def save(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Writes lists of one moment as Parquet, with notes of one's own in its footer."""
        own = {"list": np.repeat(np.arange(len(self.moment)), np.diff(self.lists)), "user": self.user}
        own |= {"item": self.item, "label": self.label}
        features = {f"{FEATURE}{name}": self.features[:, n] for n, name in enumerate(self.names)}
        columns = own | features | {f"{TAUGHT}{name}": values for name, values in self.taught.items()}
        pl.DataFrame(columns).write_parquet(path, metadata=dict(metadata))

    @classmethod
    def load(cls, path: Path, moment: int) -> RankingRows:
        """Reads the lists of a moment, in epoch seconds, that `save` wrote."""
        frame = pl.read_parquet(path, glob=False)
        names = [name for name in frame.columns if name.startswith(FEATURE)]
        taught = {c.name.removeprefix(TAUGHT): c.to_numpy() for c in frame if c.name.startswith(TAUGHT)}
        number = frame["list"].to_numpy()
        lists = np.searchsorted(number, np.arange((number[-1] + 1 if len(number) else 0) + 1))
        return cls(
            frame["user"].to_numpy(),
            frame["item"].to_numpy(),
            frame.select(names).to_numpy().astype(np.float32),
            frame["label"].to_numpy(),
            lists.astype(np.int64),
            np.full(len(lists) - 1, moment, np.int64),
            tuple(name.removeprefix(FEATURE) for name in names),
            taught,
        )

"""RankingRows: lists of candidates with labels, what a ranker learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


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
    """

    user: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    features: npt.NDArray[np.float32]
    label: npt.NDArray[np.bool_]
    lists: npt.NDArray[np.int64]
    moment: npt.NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def empty(cls, names: tuple[str, ...]) -> RankingRows:
        """No list at all, of features of these names."""
        features = np.empty((0, len(names)), np.float32)
        codes, none = np.empty(0, np.int32), np.empty(0, np.int64)
        return cls(codes, codes, features, np.empty(0, np.bool_), np.zeros(1, np.int64), none, names)

    @classmethod
    def concatenate(cls, parts: list[RankingRows]) -> RankingRows:
        """All lists of several moments, at least one."""
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
        )

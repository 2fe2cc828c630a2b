"""What a recommender could know at best: the planted truth, ranked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ops_gpu.primitives.atomic_file import atomic_file
from ops_gpu.synthetic.liking import chance_of_liking
from ops_gpu.synthetic.tastes import Tastes


@dataclass(frozen=True)
class Oracle:
    """The true chance that a user picks an item on a day and likes it.

    Args:
        tastes: the planted tastes.
        popularity: logarithm of the popularity of each item on each day, float32 `[days, items]`.
        start: the first day.
    """

    tastes: Tastes
    popularity: npt.NDArray[np.float32]
    start: date

    def scores(self, user_ids: npt.NDArray[np.integer], as_of: date) -> npt.NDArray[np.float32]:
        """How likely each item is the next one that the user picks and likes, up to a factor a user.

        Args:
            user_ids: ids from 1, `[n]`.
            as_of: the day whose popularity counts.

        Returns:
            float32 `[n, items]`, column `j` being item `j + 1`; 0 for items not offered on that day. What a
            user has already picked is not left out.

        Raises:
            ValueError: when the day lies outside the demo's days.
        """
        day = (as_of - self.start).days
        if not 0 <= day < len(self.popularity):
            raise ValueError(
                f"the oracle knows the {len(self.popularity)} days from {self.start}, not {as_of}; ask for one of them."
            )
        affinity = self.tastes.affinity(np.asarray(user_ids) - 1)
        affinity -= affinity.max(axis=1, keepdims=True)
        scores: npt.NDArray[np.float32] = np.exp(affinity + self.popularity[day])
        return scores * chance_of_liking(self.tastes.affinity(np.asarray(user_ids) - 1))

    def top(
        self,
        user_ids: npt.NDArray[np.integer],
        as_of: date,
        k: int,
        seen: npt.NDArray[np.bool_] | None = None,
    ) -> npt.NDArray[np.int64]:
        """The ids of the `k` items with the highest scores, best first, int64 `[n, k]`.

        Args:
            user_ids: ids from 1, `[n]`.
            as_of: the day.
            k: how many.
            seen: bool `[n, items]`, items to leave out.
        """
        scores = self.scores(user_ids, as_of)
        if seen is not None:
            scores[seen] = -1
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
        return np.take_along_axis(best, order, 1).astype(np.int64) + 1

    def save(self, path: Path) -> None:
        """Writes the truth as an `.npz` file, aside first and then under its name."""
        with atomic_file(path) as aside, aside.open("wb") as file:
            np.savez_compressed(
                file,
                users=self.tastes.users,
                items=self.tastes.items,
                popularity=self.popularity,
                start=np.array(self.start.toordinal()),
            )

    @classmethod
    def load(cls, path: Path) -> Oracle:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            tastes = Tastes(stored["users"], stored["items"])
            return cls(tastes, stored["popularity"], date.fromordinal(int(stored["start"])))

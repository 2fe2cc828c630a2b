"""PredictImplicit: candidates by the factors of a matrix factorization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ops_gpu.candidates.candidates import SourceList
from ops_gpu.features.feature_table import FIRST_CODE
from ops_gpu.primitives.ragged import Ragged
from serving.operators.base import Need
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.request.columns import Columns, array
from serving.runtimes.implicit_factors import ImplicitFactors

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class PredictImplicit(CandidateSource):
    """The items whose factors have the largest inner product with the user's; exact, over all available items.

    A user whom the factors do not know gets none, and so does no item that they do not know. Merlin Systems'
    operator of this name held a pickled model of the library `implicit` and answered raw ids.

    Args:
        size: candidates a user; `num_to_recommend` in Merlin Systems.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.
        model: part of the release with the factors (`ImplicitFactors`).
        user: scalar column with the codes of the users.

    Raises:
        ValueError: by `bind`, when the factors are for another number of items than the release has, or know no
            item that is available.

    Example:
        >>> found = (user["user_id"] + seen) >> PredictImplicit(100, model="implicit")
    """

    source: str = field(default="implicit", kw_only=True)

    model: str = field(default="implicit", kw_only=True)
    user: str = field(default="user_id", kw_only=True)

    def needs(self) -> tuple[Need, ...]:
        return (Need(self.user, ("int32",)), *SEEN)

    def bind(self, release: Release) -> None:
        from ops_gpu.candidates.index import ItemIndex
        from ops_gpu.candidates.nearest import retrieve_nearest  # brings Faiss

        super().bind(release)
        factors = release.shared(self.model, ImplicitFactors.load)
        if len(factors.items) != self._item_state.items:
            raise ValueError(
                f"The factors in {self.model!r} are for {len(factors.items)} item codes, the item state in "
                f"{self.state!r} has {self._item_state.items}; write both with one workflow."
            )
        offered = np.asarray(self._item_state.available) & factors.items.any(axis=1)
        if not offered.any():
            raise ValueError(f"The factors in {self.model!r} know no item that is available; fit them on these logs.")
        self._users = factors.users
        self._known = np.asarray(np.any(factors.users, axis=1), np.bool_).reshape(-1)
        self._known[:FIRST_CODE] = False
        self._index, self._retrieve = ItemIndex.build(factors.items, offered, "flat"), retrieve_nearest

    def transform(self, columns: Columns) -> Columns:
        past, codes = histories(columns), array(columns, self.user)
        inside = (codes >= 0) & (codes < len(self._known))
        known = np.flatnonzero(inside & self._known[np.where(inside, codes, 0)])
        vectors, past = self._users[codes[known]], past.take(known)
        found = self._retrieve(self._index, vectors, past, self.size, self.repeats)
        return self._columns(_placed(found, known, len(codes)))


def _placed(found: SourceList, rows: npt.NDArray[np.int64], users: int) -> SourceList:
    """Lists of some users as lists of all: none for the others."""
    lengths = np.zeros(users, np.int64)
    lengths[rows] = found.items.lengths
    return SourceList(Ragged.from_lengths(found.items.values, lengths), found.score)

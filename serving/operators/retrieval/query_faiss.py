"""QueryFaiss: candidates nearest to the user's vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops_gpu.candidates.candidates import FIRST_SOURCES
from serving.operators.base import Need
from serving.operators.features.encode_history import SEEN, histories
from serving.operators.retrieval.candidate_source import CandidateSource
from serving.release.model_part import model_part
from serving.request.columns import Columns, array

if TYPE_CHECKING:
    from serving.release.release import Release


@dataclass
class QueryFaiss(CandidateSource):
    """The items whose vectors have the largest inner product with the user's.

    Where the index holds fewer items than asked for, fewer come; Faiss' -1 never does. Merlin Systems'
    operator of this name searched for one user and cut ids to 32 bits.

    Args:
        size: candidates a user.
        repeats: whether items that the user has seen may come back.
        state: part of the release with the item state.
        index: part of the release with the index, or with a folder a model.
        vector: column with the vectors of users.
        source: name of the model that made the vectors.

    Example:
        >>> found = (seen + vector) >> QueryFaiss(100)
    """

    index: str = "faiss_index"
    vector: str = field(default="query_vector", kw_only=True)
    source: str = field(default=FIRST_SOURCES[0], kw_only=True)

    def needs(self) -> tuple[Need, ...]:
        return (Need(self.vector, ("float32",)), *SEEN)

    def bind(self, release: Release) -> None:
        from ops_gpu.candidates.index import ItemIndex
        from ops_gpu.candidates.nearest import retrieve_nearest  # brings Faiss

        super().bind(release)
        self._retrieve = retrieve_nearest
        self._index = release.shared(model_part(release, self.index, self.source), ItemIndex.load)

    def transform(self, columns: Columns) -> Columns:
        vectors, past = array(columns, self.vector), histories(columns)
        return self._columns(self._retrieve(self._index, vectors, past, self.size, self.repeats))

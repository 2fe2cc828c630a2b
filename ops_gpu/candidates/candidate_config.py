"""CandidateConfig: how many candidates come from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.primitives.bounds import check_whole
from ops_gpu.primitives.setting_error import SettingError

MOST_CANDIDATES = 10_000
STATE_SOURCES: Mapping[str, str] = {
    "popular": "items popular now",
    "history": "the user's own items; only worth it where repeats are welcome",
    "co_occurrence": "items that go with what the user chose lately",
}
"""The sources that read the item state alone, and what they bring; every retrieval model is one more."""
MOST_SOURCES = 32
OFF = ("history",)
"""Sources that bring nothing unless they are given a size."""


@dataclass(frozen=True)
class CandidateConfig:
    """How many candidates each source brings; 0 switches a source off.

    Args:
        sizes: by the name of the source: `popular`, `history`, `co_occurrence`, or that of a retrieval model. One that
            is not named brings 100, and `history` none.
        repeats: whether items that the user has already interacted with may come back.
        snapshot: the decays and neighbours that the sources read.

    Raises:
        SettingError: when a size is out of bounds.

    Example:
        >>> CandidateConfig({"popular": 20}).size("popular")
        20
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    repeats: bool = False
    snapshot: ItemStateConfig = field(default_factory=ItemStateConfig)

    def __post_init__(self) -> None:
        try:
            check_whole(self, 0, MOST_CANDIDATES, "sizes")
        except SettingError as error:  # in the YAML sizes stand beside the other settings
            raise SettingError(str(error).removeprefix("sizes."), *error.keys[1:]) from None

    def size(self, source: str) -> int:
        """Candidates of a source a user."""
        return self.sizes.get(source, default_size(source))


def default_size(source: str) -> int:
    """Candidates of a source that is given no size."""
    return 0 if source in OFF else 100


def source_names(learned: tuple[str, ...]) -> tuple[str, ...]:
    """The sources of a recommender with these retrieval models; the place of a name is that of its bit.

    Raises:
        ValueError: for more than can be told apart.
    """
    names = (*learned, *STATE_SOURCES)
    if len(names) > MOST_SOURCES:
        raise ValueError(f"there are {len(names)} candidate sources, and at most {MOST_SOURCES} can be told apart.")
    return names

"""How scored candidates become a list: the wishes of a `defs.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from ops_gpu.primitives.bounds import check_number, check_whole

HOTTEST = 1_000.0
"""Temperature at which everything is left to chance."""
DEEPEST_POOL = 10_000


@dataclass(frozen=True)
class Diversity:
    """Items that are unlike each other; see `MaximalMarginalRelevance`.

    Args:
        relevance_weight: 1 is the order of score, 0 looks at differences alone.
        pool: how many of a user's best candidates are looked at.
    """

    relevance_weight: float = 0.7
    pool: int = 200

    def __post_init__(self) -> None:
        check_number(self, 0.0, 1.0, "relevance_weight")
        check_whole(self, 1, DEEPEST_POOL, "pool")


@dataclass(frozen=True)
class Quota:
    """Not too many items of one category; see `CategoryQuotas`.

    Args:
        column: item feature with the category; numbers are put in buckets.
        most: the most items of one category, for as long as there are others.
        buckets: of numbers.
        pool: how many of a user's best candidates are looked at.
    """

    column: str
    most: int = 2
    buckets: int = 5
    pool: int = 200

    def __post_init__(self) -> None:
        check_whole(self, 1, 1000, "most", "buckets")
        check_whole(self, 1, DEEPEST_POOL, "pool")


@dataclass(frozen=True)
class Calibrated:
    """The genres, or the prices, that a user goes for; see `CalibratedOrdering`.

    Args:
        column: item feature with the category; numbers are put in buckets.
        weight: 0 is the order of score, 1 looks at the distribution alone.
        buckets: of numbers.
        pool: how many of a user's best candidates are looked at.
    """

    column: str
    weight: float = 0.5
    buckets: int = 5
    pool: int = 200

    def __post_init__(self) -> None:
        check_number(self, 0.0, 1.0, "weight")
        check_whole(self, 1, 1000, "buckets")
        check_whole(self, 1, DEEPEST_POOL, "pool")


@dataclass(frozen=True)
class Sampling:
    """Lists drawn at random, better items first more often; see `SoftmaxSampling`.

    Args:
        temperature: 0 is the exact order of score; the higher, the more is left to chance.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, 0.0, HOTTEST, "temperature")


@dataclass(frozen=True)
class Boost:
    """Something added to the scores of items with certain values; see `BoostCandidates`.

    Args:
        column: categorical item feature.
        values: what is added to the score (a logit), by value as it stands in the items table.
    """

    column: str
    values: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"the boost of {self.column!r} names no value; give one as `values: {{VALUE: 0.5}}`.")
        check_number(self, -1e6, 1e6, "values")


@dataclass(frozen=True)
class OrderingConfig:
    """The last stage: at most one way to make a list, and boosts before it. Without any, the exact order of score.

    Args:
        softmax_sampling: draws lists at random.
        maximal_marginal_relevance: lists of items that are unlike each other.
        category_quotas: at most so many items of one category.
        calibrated: lists with the distribution of the user's own history.
        boosts: added to scores before that, one after the other.

    Raises:
        ValueError: for two ways at once.
    """

    softmax_sampling: Sampling | None = None
    maximal_marginal_relevance: Diversity | None = None
    category_quotas: Quota | None = None
    calibrated: Calibrated | None = None
    boosts: Sequence[Boost] = ()

    def __post_init__(self) -> None:
        ways = [field.name for field in fields(self) if field.name != "boosts" and getattr(self, field.name)]
        if len(ways) > 1:
            raise ValueError(f"ordering names {' and '.join(ways)}; choose one of them, boosts go with any.")

    @property
    def temperature(self) -> float:
        """Of the sampling; 0 where lists are not left to chance."""
        return self.softmax_sampling.temperature if self.softmax_sampling else 0.0

    @property
    def way(self) -> Diversity | Quota | Calibrated | None:
        """What makes the list where it is not the order of score, exact or sampled."""
        return self.maximal_marginal_relevance or self.category_quotas or self.calibrated

    @property
    def columns(self) -> dict[str, str]:
        """Item features that it reads, by the place in the YAML that names them."""
        named = {
            f"{place}.column": getattr(self, place).column
            for place in ("category_quotas", "calibrated")
            if getattr(self, place) is not None
        }
        return named | {f"boosts.{place}.column": boost.column for place, boost in enumerate(self.boosts)}

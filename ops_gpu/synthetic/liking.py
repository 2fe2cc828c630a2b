"""How much of a film is watched to the end: the better it fits, the more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_LEVEL, _SLOPE = -0.9, 0.35


def chance_of_liking(affinity: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The chance that at least half of a picked film is watched, by affinity (any shape)."""
    chance: npt.NDArray[np.float32] = (1 / (1 + np.exp(-(_LEVEL + _SLOPE * affinity)))).astype(np.float32)
    return chance


def watched_shares(affinity: npt.NDArray[np.float32], generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Shares watched, 0 to 1, of picked films with this affinity (`[events]`)."""
    liked = generator.random(len(affinity)) < chance_of_liking(affinity)
    much = 1 - 0.5 * generator.beta(1, 4, len(affinity))
    little = 0.5 * generator.beta(1.5, 2.5, len(affinity))
    # Rounding must not lift a share over the half that decides.
    return np.where(liked, np.round(much, 3), np.minimum(np.round(little, 3), 0.499))

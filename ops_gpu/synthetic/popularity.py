"""How well known each item is on each day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ops_gpu.synthetic.catalogue import Catalogue
from ops_gpu.synthetic.settings import DemoSettings

_SPREAD, _WANDER, _BURST, _FADE = 1.5, 0.4, 1.5, 12.0


def drifting_popularity(
    catalogue: Catalogue, settings: DemoSettings, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """The logarithm of each item's popularity, day by day.

    An item starts with a level of its own, wanders slowly, and a new release is talked about at first and
    then fades. An item that is not offered has minus infinity.

    Returns:
        float32 `[days, items]`.
    """
    count, days = settings.items, settings.days
    level = _SPREAD * generator.normal(size=count)
    steps = generator.normal(size=(days, count)) * _WANDER / np.sqrt(days / 3)
    age = np.arange(days)[:, None] - catalogue.released[None, :]
    burst = _BURST * np.exp(-np.maximum(age, 0) / _FADE)
    popularity = (level + np.cumsum(steps, axis=0) + burst).astype(np.float32)
    offered = np.stack([catalogue.offered(day) for day in range(days)])
    return np.where(offered, popularity, np.float32(-np.inf))

"""Who picks what: draws from tastes and popularity, nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.synthetic.audience import Audience
from ops_gpu.synthetic.settings import DemoSettings
from ops_gpu.synthetic.tastes import Tastes

_SESSION = 3.0
_MOST_A_DAY = 12
_BLOCK = 256

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Picks:
    """Events in order of day.

    Args:
        user: index of the user, int64 `[events]`.
        item: index of the item, int64 `[events]`.
        day: int64 `[events]`.
    """

    user: Ints
    item: Ints
    day: Ints


def draw_picks(
    audience: Audience,
    tastes: Tastes,
    popularity: npt.NDArray[np.float32],
    settings: DemoSettings,
    generator: np.random.Generator,
) -> Picks:
    """Draws all events: on each of their sessions users pick unseen items, the likelier the better they fit.

    Args:
        audience: who comes, how often and since when.
        tastes: affinities.
        popularity: float32 `[days, items]`, logarithmic.
        settings: size of the world.
        generator: source of randomness.

    Returns:
        About `settings.events` picks; no pair of user and item occurs twice.
    """
    counts = _visits(audience, settings, generator)
    # A pair that has been picked gets the chance 0 here and is never drawn again.
    chances = np.exp(tastes.affinity(np.arange(settings.users)))
    parts: list[tuple[Ints, Ints, Ints]] = []
    for day in range(settings.days):
        weight = np.exp(popularity[day])
        active = np.flatnonzero(counts[day])
        for start in range(0, len(active), _BLOCK):
            block = active[start : start + _BLOCK]
            rows, items = _choose(chances[block] * weight, counts[day][block], generator)
            chances[block[rows], items] = 0
            parts.append((block[rows], items, np.full(len(rows), day)))
    user, item, when = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Picks(user, item, when)


def _visits(audience: Audience, settings: DemoSettings, generator: np.random.Generator) -> Ints:
    """Number of picks of each user on each day, int64 `[days, users]`; week-ends are busier."""
    days = np.arange(settings.days)
    weekday = np.array([(settings.start.toordinal() + int(day)) % 7 for day in days])
    busy = np.where((weekday == 0) | (weekday == 6), 1.4, 1.0)
    rate = audience.activity * (days[:, None] >= audience.joined) * busy[:, None]
    rate *= settings.events / _SESSION / rate.sum()
    sessions = generator.poisson(rate)
    picks = sessions + generator.poisson(sessions * (_SESSION - 1))
    limit = min(_MOST_A_DAY, max(1, settings.items // (2 * settings.days)))
    visits: Ints = np.minimum(picks, limit)
    return visits


def _choose(weights: npt.NDArray[np.float32], wanted: Ints, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Draws `wanted` (`[rows]`) different items for each row of `weights` (`[rows, items]`).

    One running sum over all rows serves all draws: a row's part of it begins where the row before ends.
    """
    width = weights.shape[1]
    running = np.cumsum(weights.ravel(), dtype=np.float64)
    ends = running[width - 1 :: width]
    begins = np.concatenate([[0.0], ends[:-1]])
    slots = np.repeat(np.arange(len(wanted)), wanted)
    taken = np.empty(0, np.int64)
    # Drawing with replacement, and drawing again what came twice, is drawing without replacement.
    while len(slots):
        moment = begins[slots] + generator.random(len(slots)) * (ends - begins)[slots]
        drawn = np.searchsorted(running, moment, side="right")
        drawn = np.clip(drawn, slots * width, slots * width + width - 1)
        before = len(taken)
        taken, first = np.unique(np.concatenate([taken, drawn]), return_index=True)
        again = np.ones(len(drawn), np.bool_)
        again[first[first >= before] - before] = False
        slots = slots[again]
    return taken // width, taken % width

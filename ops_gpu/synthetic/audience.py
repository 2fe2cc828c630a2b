"""The demo's users: what can be seen of them, and how active they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.synthetic.settings import DemoSettings

COUNTRIES = ("GB", "FR", "ES", "DE", "JP", "KR", "US", "IE")
AGE_GROUPS = ("16-24", "25-34", "35-44", "45-59", "60+")
DEVICES = ("tv", "phone", "tablet", "laptop")


@dataclass(frozen=True)
class Audience:
    """The users, user `u` having the id `u + 1`.

    Args:
        country: index of the country, int64 `[users]`.
        age_group: index of the age group, int64 `[users]`.
        device: index of the device used most, int64 `[users]`.
        joined: day from which the user is active, int64 `[users]`; `days` for users without events.
        before: days of membership before the first day, int64 `[users]`.
        activity: how often the user comes, relative to others, float64 `[users]`.
    """

    country: npt.NDArray[np.int64]
    age_group: npt.NDArray[np.int64]
    device: npt.NDArray[np.int64]
    joined: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    activity: npt.NDArray[np.float64]

    @classmethod
    def generate(cls, settings: DemoSettings, generator: np.random.Generator) -> Audience:
        """Draws the users: a fifth joins during the period, 1 % never comes."""
        count, days = settings.users, settings.days
        joining = np.where(generator.random(count) < 0.2, generator.integers(0, days, count), 0)
        return cls(
            country=generator.choice(len(COUNTRIES), count, p=[0.24, 0.13, 0.11, 0.13, 0.08, 0.07, 0.19, 0.05]),
            age_group=generator.choice(len(AGE_GROUPS), count, p=[0.2, 0.27, 0.22, 0.19, 0.12]),
            device=generator.choice(len(DEVICES), count, p=[0.4, 0.3, 0.12, 0.18]),
            joined=np.where(generator.random(count) < 0.01, days, joining),
            before=np.where(joining > 0, 0, generator.integers(0, 2000, count)),
            activity=np.clip(generator.lognormal(0, 0.8, count), 0.1, 6),
        )

    def frame(self, settings: DemoSettings) -> pl.DataFrame:
        """The users table as of the end of the last day."""
        return pl.DataFrame(
            {
                "user_id": np.arange(1, len(self.country) + 1),
                "country": [COUNTRIES[index] for index in self.country],
                "age_group": [AGE_GROUPS[index] for index in self.age_group],
                "device": [DEVICES[index] for index in self.device],
                "tenure_days": (settings.days - self.joined + self.before).astype(np.float64),
            }
        )

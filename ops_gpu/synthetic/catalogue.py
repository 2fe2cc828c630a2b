"""The demo's items: what can be seen of them, and when they are on offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.synthetic.settings import DemoSettings
from ops_gpu.synthetic.titles import GENRES, film_titles

STUDIOS = 60
LANGUAGES = ("en", "fr", "es", "de", "ja", "ko")
_MOST_GENRES = 3


@dataclass(frozen=True)
class Catalogue:
    """The items, item `i` having the id `i + 1`.

    Args:
        genres: share of each genre, float32 `[items, genres]`, rows sum to 1.
        studio: index of the studio, int64 `[items]`.
        language: index of the language, int64 `[items]`.
        price: in euros, float64 `[items]`.
        runtime: in minutes, float64 `[items]`.
        released: day of release, int64 `[items]`; negative before the first day, `days` for "after the last".
        withdrawn: first day on which the item is no longer offered, int64 `[items]`.
        titles: one text an item.
    """

    genres: npt.NDArray[np.float32]
    studio: npt.NDArray[np.int64]
    language: npt.NDArray[np.int64]
    price: npt.NDArray[np.float64]
    runtime: npt.NDArray[np.float64]
    released: npt.NDArray[np.int64]
    withdrawn: npt.NDArray[np.int64]
    titles: list[str]

    @classmethod
    def generate(cls, settings: DemoSettings, generator: np.random.Generator) -> Catalogue:
        """Draws the items: studios specialise in a few genres, prices follow the studio's."""
        count = settings.items
        profile = generator.dirichlet(np.full(len(GENRES), 0.15), STUDIOS)
        size = generator.dirichlet(np.full(STUDIOS, 3.0))
        studio = generator.choice(STUDIOS, count, p=size)
        main, genres = _genres(profile[studio], generator)
        home = generator.choice(len(LANGUAGES), STUDIOS, p=[0.45, 0.15, 0.12, 0.12, 0.08, 0.08])
        language = np.where(generator.random(count) < 0.85, home[studio], generator.integers(0, len(LANGUAGES), count))
        price = np.exp(generator.normal(1.3, 0.35, STUDIOS))[studio] * np.exp(generator.normal(0, 0.25, count))
        released, withdrawn = _offered(settings, generator)
        return cls(
            genres=genres,
            studio=studio,
            language=language,
            price=np.round(price, 1) + 0.09,
            runtime=np.round(np.clip(generator.normal(105, 22, count), 40, 220)).astype(np.float64),
            released=released,
            withdrawn=withdrawn,
            titles=film_titles(main, generator),
        )

    def offered(self, day: int) -> npt.NDArray[np.bool_]:
        """Which items can be picked on this day (0 is the first), bool `[items]`."""
        return (self.released <= day) & (day < self.withdrawn)

    def frame(self, settings: DemoSettings) -> pl.DataFrame:
        """The items table as of the end of the last day."""
        days = [settings.start + timedelta(days=int(day)) for day in self.released]
        return pl.DataFrame(
            {
                "item_id": np.arange(1, len(self.studio) + 1),
                "title": self.titles,
                "genres": [[GENRES[g] for g in np.argsort(-row, kind="stable") if row[g] > 0] for row in self.genres],
                "studio": [f"Studio {index + 1:02d}" for index in self.studio],
                "language": [LANGUAGES[index] for index in self.language],
                "price": self.price,
                "runtime": self.runtime,
                "released": days,
                "available": self.withdrawn >= settings.days,
            }
        )


def _genres(
    profile: npt.NDArray[np.float64], generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The main genre of each item, and shares of one to three genres drawn from its studio's profile."""
    count = len(profile)
    race = generator.exponential(size=profile.shape) / np.maximum(profile, 1e-9)
    order = np.argsort(race, axis=1)[:, :_MOST_GENRES]
    used = np.arange(_MOST_GENRES) < generator.choice([1, 2, 3], count, p=[0.3, 0.45, 0.25])[:, None]
    shares = np.array([0.55, 0.3, 0.15]) * used
    genres = np.zeros(profile.shape, np.float32)
    np.put_along_axis(genres, order, (shares / shares.sum(1, keepdims=True)).astype(np.float32), axis=1)
    return order[:, 0], genres


def _offered(
    settings: DemoSettings, generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Most items are old, a sixth comes out day by day, 2 % are only announced, 2 % are withdrawn."""
    count, days = settings.items, settings.days
    kind = generator.random(count)
    old = -generator.integers(1, 1000, count)
    released = np.where(kind < 0.8, old, np.where(kind < 0.98, generator.integers(0, days, count), days))
    leaving = (generator.random(count) < 0.02) & (released < 0)
    withdrawn = np.where(leaving, generator.integers(days // 3, 3 * days // 4 + 1, count), 10 * days)
    return released, withdrawn

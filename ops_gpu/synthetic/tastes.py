"""The planted tastes: what each user would pick if all items were equally well known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ops_gpu.synthetic.audience import AGE_GROUPS, COUNTRIES, Audience
from ops_gpu.synthetic.catalogue import LANGUAGES, STUDIOS, Catalogue
from ops_gpu.synthetic.titles import GENRES

_FACETS = 12
_LIKED_FACETS = 2.0
_SEEN, _OWN = 1.0, 0.3
# How much each part of a taste moves the logarithm of the odds.
_GENRE, _STUDIO, _LANGUAGE, _FACET, _PRICE = 1.5, 1.0, 1.0, 2.0, 0.5
_SPOKEN = {"FR": "fr", "ES": "es", "DE": "de", "JP": "ja", "KR": "ko"}

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tastes:
    """Tastes as two factors: the affinity of user `u` to item `i` is `users[u] @ items[i]`.

    Part of a taste follows from what can be seen (country, age group; genres, studio, language, price), part
    is personal and shows in the history alone.

    Args:
        users: float32 `[users, dimensions]`.
        items: float32 `[items, dimensions]`.
    """

    users: Matrix
    items: Matrix

    @classmethod
    def generate(cls, audience: Audience, catalogue: Catalogue, generator: np.random.Generator) -> Tastes:
        """Draws the tastes of an audience in a catalogue."""
        pairs = [
            _genres(audience, catalogue, generator),
            _studios(audience, catalogue, generator),
            _languages(audience, catalogue),
            _facets(audience, catalogue, generator),
            _prices(audience, catalogue, generator),
        ]
        users = np.concatenate([user for user, _ in pairs], axis=1).astype(np.float32)
        items = np.concatenate([item for _, item in pairs], axis=1).astype(np.float32)
        return cls(users, items)

    def affinity(self, rows: npt.NDArray[np.integer]) -> Matrix:
        """Affinity of these users to all items, float32 `[rows, items]`."""
        product: Matrix = self.users[rows] @ self.items.T
        return product


Pair = tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]


def _genres(audience: Audience, catalogue: Catalogue, generator: np.random.Generator) -> Pair:
    shared = generator.normal(size=(len(AGE_GROUPS), len(GENRES))) + 0.5 * generator.normal(size=len(GENRES))
    personal = generator.normal(size=(len(audience.country), len(GENRES)))
    return _GENRE * (_SEEN * shared[audience.age_group] + _OWN * personal), 1.6 * catalogue.genres


def _studios(audience: Audience, catalogue: Catalogue, generator: np.random.Generator) -> Pair:
    shared = generator.normal(size=(len(COUNTRIES), STUDIOS))
    personal = generator.normal(size=(len(audience.country), STUDIOS))
    return _STUDIO * (_SEEN * shared[audience.country] + _OWN * personal), np.eye(STUDIOS)[catalogue.studio]


def _languages(audience: Audience, catalogue: Catalogue) -> Pair:
    liked = np.zeros((len(COUNTRIES), len(LANGUAGES)))
    for index, country in enumerate(COUNTRIES):
        liked[index, LANGUAGES.index("en")] = 1.0 if country in _SPOKEN else 2.0
        if country in _SPOKEN:
            liked[index, LANGUAGES.index(_SPOKEN[country])] = 2.0
    return _LANGUAGE * liked[audience.country], np.eye(len(LANGUAGES))[catalogue.language]


def _facets(audience: Audience, catalogue: Catalogue, generator: np.random.Generator) -> Pair:
    """Hidden circles of taste: an item belongs to one, a user is in a few; nothing visible tells which."""
    circle = generator.integers(0, _FACETS, len(catalogue.studio))
    liked = generator.random((len(audience.country), _FACETS)) < _LIKED_FACETS / _FACETS
    return _FACET * liked, np.eye(_FACETS)[circle]


def _prices(audience: Audience, catalogue: Catalogue, generator: np.random.Generator) -> Pair:
    level = np.log(catalogue.price)
    centred = (level - level.mean()) / level.std()
    by_age = np.array([-1.0, -0.4, 0.1, 0.4, 0.2])[audience.age_group]
    return (_PRICE * (by_age + 0.3 * generator.normal(size=len(by_age))))[:, None], centred[:, None]

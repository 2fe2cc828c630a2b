"""Readable film titles, different for every item."""

from __future__ import annotations

import numpy as np

GENRES = (
    "Action", "Adventure", "Animation", "Biography", "Comedy", "Crime", "Documentary", "Drama", "Family",
    "Fantasy", "History", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War",
)  # fmt: skip

# Two nouns a genre, so that a title hints at what it is about.
_NOUNS = {
    "Action": ("Pursuit", "Strike", "Convoy"),
    "Adventure": ("Expedition", "Island", "Compass"),
    "Animation": ("Hedgehog", "Toymaker", "Snowfox"),
    "Biography": ("Letters", "Portrait", "Diary"),
    "Comedy": ("Wedding", "Neighbours", "Holiday"),
    "Crime": ("Heist", "Alibi", "Syndicate"),
    "Documentary": ("Glaciers", "Workshop", "Orchard"),
    "Drama": ("Inheritance", "Harbour", "Silence"),
    "Family": ("Treehouse", "Grandmother", "Circus"),
    "Fantasy": ("Dragon", "Enchantress", "Kingdom"),
    "History": ("Empress", "Siege", "Republic"),
    "Horror": ("Cellar", "Whisper", "Asylum"),
    "Musical": ("Chorus", "Ballroom", "Melody"),
    "Mystery": ("Lighthouse", "Testament", "Stranger"),
    "Romance": ("Summer", "Rendezvous", "Promise"),
    "Sci-Fi": ("Orbit", "Android", "Colony"),
    "Thriller": ("Witness", "Deadline", "Conspiracy"),
    "War": ("Regiment", "Armistice", "Bunker"),
}

_ADJECTIVES = (
    "Last", "Silent", "Golden", "Hidden", "Broken", "Crimson", "Distant", "Endless", "Forgotten",
    "Frozen", "Restless", "Hollow", "Burning", "Lonely", "Midnight", "Northern", "Paper", "Quiet",
    "Reckless", "Scarlet", "Secret", "Second", "Stolen", "Velvet", "Wandering", "Winter", "Wild",
    "Crooked", "Electric", "Emerald", "Gentle", "Impossible", "Invisible", "Laughing", "Little", "Long",
    "Lost", "Nameless", "Perfect", "Polar", "Prodigal", "Rising", "Savage", "Seventh", "Shattered",
    "Sleeping", "Southern", "Tender", "Unlikely", "Vanishing",
)  # fmt: skip

_PLACES = (
    "Lisbon", "Marrakesh", "Reykjavik", "Valparaiso", "Kyoto", "Trieste", "Zanzibar", "Bergen",
    "Havana", "Krakow", "Montreal", "Odessa", "Porto", "Riga", "Samarkand", "Tbilisi",
)  # fmt: skip


def film_titles(main_genre: np.ndarray, generator: np.random.Generator) -> list[str]:
    """One title an item, from the words of its main genre.

    Args:
        main_genre: index into `GENRES`, int array `[items]`.
        generator: source of randomness.

    Returns:
        Titles without repetition; sequels get a number once the words of a genre are used up.
    """
    used: dict[str, int] = {}
    return [_numbered(_title(GENRES[genre], generator), used) for genre in main_genre]


def _title(genre: str, generator: np.random.Generator) -> str:
    noun = _NOUNS[genre][generator.integers(3)]
    adjective = _ADJECTIVES[generator.integers(len(_ADJECTIVES))]
    place = _PLACES[generator.integers(len(_PLACES))]
    forms = (
        f"The {adjective} {noun}",
        f"{adjective} {noun}",
        f"The {noun} of {place}",
        f"{'An' if adjective[0] in 'AEIOU' else 'A'} {adjective} {noun}",
    )
    return f"{adjective} {place}" if generator.random() < 0.15 else forms[generator.integers(4)]


def _numbered(title: str, used: dict[str, int]) -> str:
    used[title] = used.get(title, 0) + 1
    return title if used[title] == 1 else f"{title} {used[title]}"

"""Names of the models that a server has of a recommender."""

from __future__ import annotations

import re

HASH_DIGITS = 12
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def model_name(name: str, release_hash: str) -> str:
    """Name of the Triton model of a release: `NAME.<first 12 digits of the hash>`.

    Raises:
        ValueError: when the name could reach outside its place in the repository.

    Example:
        >>> model_name("demo", "0123456789abcdef")
        'demo.0123456789ab'
    """
    for part in (name, release_hash):
        if not NAME.fullmatch(part):
            raise ValueError(f"A model's name has letters, digits, '_' and '-', got {part!r}; rename it.")
    return f"{name}.{release_hash[:HASH_DIGITS]}"

"""How many items a list has: what programs and commands agree on, without what answers them."""

from __future__ import annotations

DEFAULT_K = 10
MOST_ITEMS = 1000
"""The most items that one user can be given in one request."""

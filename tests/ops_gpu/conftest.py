"""Hypothesis without deadlines, as the tests share their cores with others, and one fitted recommender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.ops_gpu.heart import Heart

settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")


@pytest.fixture(scope="session")
def heart() -> Heart:
    """A tiny recommender with all its parts; imported here, as TensorFlow takes seconds to load."""
    from tests.ops_gpu.heart import Heart

    return Heart.make()

"""One cluster and one recommender for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ops_gpu.engines.dask import DaskEngine
    from tests.ops_gpu.heart import Heart


@pytest.fixture(scope="session")
def dask() -> Iterator[DaskEngine]:
    """Two workers on this machine, for all tests that need a cluster."""
    from ops_gpu.engines.dask import DaskEngine

    with DaskEngine.local(workers=2) as engine:
        yield engine


@pytest.fixture(scope="session")
def heart() -> Heart:
    """A tiny recommender with all its parts; imported here, as TensorFlow takes seconds to load."""
    from tests.ops_gpu.heart import Heart

    return Heart.make()

"""Whether a model that is about to be fitted fits into this machine."""

from __future__ import annotations

import os

from ops_gpu.models.contract import Cost

GIB = 2**30


def physical_memory() -> int:
    """Bytes of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def require_memory(name: str, cost: Cost) -> None:
    """Refuses to start what cannot end well.

    Args:
        name: of the model.
        cost: as the model estimates it.

    Raises:
        ValueError: when fitting takes more memory than there is.

    Example:
        >>> require_memory("item_knn", Cost(fit_bytes=2**20, model_bytes=2**20))
    """
    there = physical_memory()
    if cost.fit_bytes > there:
        raise ValueError(
            f"fitting the model {name!r} would take about {cost.fit_bytes / GIB:,.1f} GiB of memory, and this machine "
            f"has {there / GIB:,.1f}; choose smaller sizes for it, or another model."
        )

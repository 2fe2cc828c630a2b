"""Feast without the type checks that it compiles into its classes while it is imported."""

from __future__ import annotations

from typing import Any

_SPARED = "spares_feast"


def spare_type_checks() -> None:
    """Leaves Feast's classes as they are written, if it is not imported yet; classes of others are checked as ever.

    Feast has typeguard read, change and compile each of its classes anew: 2.7 of the 3.3 seconds that it takes to
    import, in every process that reads a feature. Our own calls are checked by mypy.
    """
    import typeguard

    checked: Any = typeguard.typechecked
    if hasattr(checked, _SPARED):
        return

    def typechecked(target: Any = None, **options: Any) -> Any:
        if (getattr(target, "__module__", None) or "").startswith("feast."):
            return target
        return checked(target, **options)

    setattr(typechecked, _SPARED, True)
    typeguard.typechecked = typechecked

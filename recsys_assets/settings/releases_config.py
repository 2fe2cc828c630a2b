"""Settings: how many releases are kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleasesConfig:
    """Which releases stay in the home.

    Args:
        keep: the newest so many; beside them whatever answers, waits, or can be gone back to.

    Raises:
        ValueError: when none is to be kept.
    """

    keep: int = 5

    def __post_init__(self) -> None:
        if self.keep < 1:
            raise ValueError(f"keep is {self.keep}, expected 1 or more releases.")

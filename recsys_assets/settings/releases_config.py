"""Settings: how many releases are kept."""

from __future__ import annotations

from dataclasses import dataclass

from ops_gpu.primitives.bounds import check_whole


@dataclass(frozen=True)
class ReleasesConfig:
    """Which releases stay in the home.

    Args:
        keep: the newest so many; beside them whatever answers, waits, or can be gone back to.

    Raises:
        SettingError: when none is to be kept.
    """

    keep: int = 5

    def __post_init__(self) -> None:
        check_whole(self, 1, 100_000, "keep")

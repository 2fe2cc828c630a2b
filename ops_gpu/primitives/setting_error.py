"""SettingError: a setting that does not fit another one, with the place where it stands."""

from __future__ import annotations


class SettingError(ValueError):
    """Raised where settings are compared with each other, so that the line is told on which the wrong one stands.

    Args:
        message: what was expected, found, and what to do.
        keys: the way to the setting from where it is checked, positions of lists among them.
    """

    def __init__(self, message: str, *keys: str | int) -> None:
        super().__init__(message)
        self.keys = tuple(str(key) for key in keys)

"""Event: what a user has just done, as an application tells it with a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from serving.request.recommendation import Id

LATEST = 253_402_300_799
"""The end of the year 9999 in epoch seconds: what lies beyond was meant as milliseconds."""


@dataclass(frozen=True)
class Event:
    """One of a user's latest events, which the server may not know of yet.

    Args:
        item_id: the item, as in the logs.
        time: when, as a datetime with a time zone or in seconds since 1970 (UTC); None is now.
        positive: whether it counts as a success, as the recommender's `label` would say.

    Example:
        >>> client.recommend(7, events=[Event(412), Event(88, positive=False)])
    """

    item_id: Id
    time: datetime | float | None = None
    positive: bool = True

    def epoch_seconds(self, now: float) -> int:
        """Whole seconds since 1970.

        Args:
            now: what to take where the event has no time.

        Raises:
            ValueError: for a datetime without a time zone, milliseconds, or what is no time at all.
        """
        seconds = now if self.time is None else self.time
        if isinstance(seconds, datetime):
            if seconds.tzinfo is None:
                raise ValueError(f"The time of {self} has no time zone; give one, such as datetime.UTC.")
            seconds = seconds.timestamp()
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise ValueError(f"The time of {self} must be a datetime or seconds since 1970.")
        if not 0 <= seconds <= LATEST:  # NaN is not either
            raise ValueError(f"The time of {self} must be in seconds since 1970 (not milliseconds), 0 or above.")
        return int(seconds)

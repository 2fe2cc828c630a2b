"""The size and the character of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class DemoSettings:
    """What the generator makes.

    Args:
        seed: seed of everything random; equal settings give equal data.
        users: number of users, ids from 1; a few of them have no event.
        items: number of items, ids from 1; a few of them have no event yet.
        days: number of days with events.
        events: about how many events to make; a user never picks an item twice.
        start: the first day.

    Raises:
        ValueError: when the world is too small to hold the events.
    """

    seed: int = 7
    users: int = 6_000
    items: int = 3_000
    days: int = 90
    events: int = 400_000
    start: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        if min(self.users, self.items, self.days, self.events) < 1:
            raise ValueError(f"a demo needs users, items, days and events, got {self}; give positive numbers.")
        if self.events > self.users * self.items // 10:
            raise ValueError(
                f"{self.events} events do not fit {self.users} users and {self.items} items, as nobody picks "
                f"an item twice; ask for at most {self.users * self.items // 10}."
            )

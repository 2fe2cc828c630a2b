"""The size and the character of the demo world."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ops_gpu.primitives.bounds import LARGEST_SEED, check_whole
from ops_gpu.primitives.setting_error import SettingError

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)


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
        SettingError: when a number is out of bounds, or the world too small to hold the events.
    """

    seed: int = 7
    users: int = 6_000
    items: int = 3_000
    days: int = 90
    events: int = 400_000
    start: date = date(2026, 1, 1)

    def __post_init__(self) -> None:
        check_whole(self, 0, LARGEST_SEED, "seed")
        check_whole(self, 1, 10_000_000, "users", "items")
        check_whole(self, 1, 3650, "days")
        check_whole(self, 1, 1_000_000_000, "events")
        if not EARLIEST <= self.start <= LATEST:
            raise SettingError(f"start is {self.start}, expected a day from {EARLIEST} to {LATEST}.", "start")
        if self.events > self.users * self.items // 10:
            raise SettingError(
                f"{self.events} events do not fit {self.users} users and {self.items} items, as nobody picks "
                f"an item twice; ask for at most {self.users * self.items // 10}.",
                "events",
            )

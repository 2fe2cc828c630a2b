"""Encoded interactions as flat arrays, in time order: what models and statistics over time read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DAY = 86_400  # seconds

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Events:
    """Who did what with which item, and when.

    Args:
        user: int32 codes `[events]`, from the workflow's vocabulary.
        item: int32 codes `[events]`.
        time: int64 epoch seconds `[events]`, rising.
        positive: bool `[events]`, whether the event counts as a success.
        users: number of user codes (the cardinality of the user column).
        items: number of item codes.

    Raises:
        ValueError: when the columns differ in length or the times do not rise.
    """

    user: Int32s
    item: Int32s
    time: Int64s
    positive: Bools
    users: int
    items: int

    def __post_init__(self) -> None:
        lengths = {len(self.user), len(self.item), len(self.time), len(self.positive)}
        if len(lengths) != 1:
            raise ValueError(f"all columns of events must have one length, got {sorted(lengths)}.")
        if len(self.time) and np.any(np.diff(self.time) < 0):
            raise ValueError("events must be in time order; build them with Events.sorted.")

    @classmethod
    def sorted(cls, user: Int32s, item: Int32s, time: Int64s, positive: Bools, users: int, items: int) -> Events:
        """Sorts by time, then user, item and label, so that the order of files never matters.

        Args:
            user: int32 codes `[events]`, in any order.
            item: int32 codes `[events]`.
            time: int64 epoch seconds `[events]`.
            positive: bool `[events]`.
            users: number of user codes.
            items: number of item codes.
        """
        order = np.lexsort((positive, item, user, time))
        return cls(user[order], item[order], time[order], positive[order], users, items)

    def __len__(self) -> int:
        return len(self.time)

    def where(self, mask: Bools) -> Events:
        """The events for which `mask` (`[events]`) is true."""
        return self._some(mask)

    def between(self, start: int | None, end: int | None) -> Events:
        """Events with `start <= time < end`, without a copy.

        Args:
            start: epoch seconds; None leaves this side open.
            end: epoch seconds, exclusive; None leaves this side open.
        """
        low = 0 if start is None else int(np.searchsorted(self.time, start, "left"))
        high = len(self) if end is None else int(np.searchsorted(self.time, end, "left"))
        return self._some(slice(low, max(low, high)))

    def _some(self, which: Bools | slice) -> Events:
        """Those of a mask or a slice, which are in order because all are: of ten million that takes a while to see."""
        some = object.__new__(Events)
        columns = {name: getattr(self, name)[which] for name in ("user", "item", "time", "positive")}
        for name, value in {**columns, "users": self.users, "items": self.items}.items():
            object.__setattr__(some, name, value)
        return some

    def before(self, end: int) -> Events:
        """Events with `time < end`."""
        return self.between(None, end)

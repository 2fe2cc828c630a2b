"""KeptNeighbours: similar items as of a moment, which stay the same however many days follow."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ops_gpu.primitives.atomic_file import atomic_file
from recsys_assets.blueprint.code_version import code_version

if TYPE_CHECKING:
    from ops_gpu.interactions.co_occurrence import Neighbours
    from ops_gpu.interactions.events import Events

CODE = ("ops_gpu.interactions.co_occurrence",)


@dataclass(frozen=True)
class KeptNeighbours:
    """What similar items there were, found by the very events that they follow from.

    A moment's lists are made again each day until its horizon is over, for what was chosen since. What was offered does
    not change by that; similar items are what costs most of it, the square of each user's history.

    Args:
        folder: of the files.
    """

    folder: Path

    def fit(self, events: Events, size: int, history: int) -> Neighbours:
        """As `Neighbours.fit`, from the file of equal events where there is one.

        Args:
            events: what to learn from.
            size: neighbours kept an item.
            history: how many items of a user count.
        """
        from ops_gpu.interactions.co_occurrence import Neighbours

        path = self.folder / f"{_key(events, size, history)}.npy"
        with suppress(OSError, EOFError, ValueError):  # none, or one that is damaged
            found = _load(path, events.items)
            with suppress(OSError):  # somebody else's
                os.utime(path)
            return found
        made = Neighbours.fit(events, size, history)
        _save(path, made)
        return made

    def forget(self, most: int) -> None:
        """Removes all files but those that were asked for last.

        Args:
            most: files that stay.
        """
        asked = dict[Path, float]()
        for path in self.folder.glob("*.npy"):
            with suppress(FileNotFoundError):  # another process was quicker
                asked[path] = path.stat().st_mtime
        for path in sorted(asked, key=asked.__getitem__, reverse=True)[most:]:
            path.unlink(missing_ok=True)


def _key(events: Events, size: int, history: int) -> str:
    """Hash of all that neighbours follow from: who did what in which order, but not how many codes there are by now."""
    digest = blake2b(f"{code_version(CODE)} {size} {history}".encode(), digest_size=16)
    for column in (events.user, events.item, events.positive):
        digest.update(column.data)
    return digest.hexdigest()


def _save(path: Path, made: Neighbours) -> None:
    """Writes items and similarities as one array of 32-bit words."""
    import numpy as np

    with atomic_file(path) as aside, aside.open("wb") as file:
        np.save(file, np.stack([made.items, made.similarity.view(np.int32)]), allow_pickle=False)


def _load(path: Path, items: int) -> Neighbours:
    """Back from `_save`; items whose codes were given out since have no neighbours yet."""
    import numpy as np

    from ops_gpu.interactions.co_occurrence import Neighbours

    kept = np.load(path, allow_pickle=False)
    room = np.zeros((2, items, kept.shape[2]), np.int32)
    room[:, : kept.shape[1]] = kept
    return Neighbours(room[0], room[1].view(np.float32))

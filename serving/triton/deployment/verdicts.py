"""What people decided against releases, and which release waits: remembered beside the releases themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from ops_gpu.primitives.atomic_file import write_text
from serving.triton.repository.live_release import LiveRelease

FILE = "verdicts.json"
Kind = Literal["rolled_back", "ended"]


@dataclass(frozen=True)
class Verdict:
    """A decision against a release: it does not go live by itself any more.

    Args:
        kind: `rolled_back`: it was live, and was left for an earlier one; `ended`: it was being tried, and was taken
            away.
        time: when, ISO 8601 in UTC.
        successor: hash of the release that answered everybody afterwards.
    """

    kind: Kind
    time: str
    successor: str


@dataclass(frozen=True)
class Waiting:
    """A release that was to go live while another one was being tried.

    Args:
        release: its hash.
        time: since when, ISO 8601 in UTC.
    """

    release: str
    time: str


@dataclass(frozen=True)
class Verdicts:
    """What is remembered of the releases of one recommender, beside what answers.

    A verdict stands until a person makes the release live again; trying it once more does not lift it.

    Args:
        against: verdicts by hash.
        waiting: the release that waits, the newest where there were several; None where none does.

    Example:
        >>> Verdicts().after(LiveRelease("demo", "b", "a"), LiveRelease("demo", "a", "b"), back=True).against["b"].kind
        'rolled_back'
    """

    against: Mapping[str, Verdict] = field(default_factory=dict)
    waiting: Waiting | None = None

    def after(self, before: LiveRelease | None, now: LiveRelease, *, back: bool = False) -> Verdicts:
        """What is remembered after a person's command.

        Args:
            before: what answered; None where nothing did.
            now: what answers after it.
            back: whether that is a step back. From a release to the one that was left for it, it takes that decision
                back, and is none against the other.
        """
        against, time = dict(self.against), now_text()
        left_for = against[now.hash].successor if now.hash in against else None
        if before is not None:
            if back and before.hash not in (now.hash, left_for):
                against[before.hash] = Verdict("rolled_back", time, now.hash)
            if before.challenger not in (None, now.hash, now.challenger):
                against[str(before.challenger)] = Verdict("ended", time, now.hash)
        against.pop(now.hash, None)
        kept = self.waiting is not None and self.waiting.release not in (now.hash, now.challenger)
        return Verdicts(against, self.waiting if kept else None)

    def with_waiting(self, release: str) -> Verdicts:
        """With a release that waits from now on; one that waits already has done so since it began."""
        if self.waiting is not None and self.waiting.release == release:
            return self
        return replace(self, waiting=Waiting(release, now_text()))

    def without_waiting(self) -> Verdicts:
        """With none that waits."""
        return replace(self, waiting=None)

    def save(self, folder: Path) -> None:
        """Writes the file into the folder of the recommender's releases: aside first, then renamed."""
        write_text(folder / FILE, json.dumps(asdict(self), indent=2) + "\n", durable=True)

    @classmethod
    def load(cls, folder: Path) -> Verdicts | None:
        """What `save` wrote; None where there is no file.

        Raises:
            ValueError: when the file is damaged; names it, and says how to go on.
        """
        path = folder / FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            against = {str(key): Verdict(**value) for key, value in values["against"].items()}
            waiting = values["waiting"] and Waiting(**values["waiting"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is damaged, expected what was decided of the releases beside it ({error}); restore it, or "
                "remove it: then which releases were rolled back is forgotten, and nothing else."
            ) from error
        return cls(against, waiting or None)


def now_text() -> str:
    """The time, as it is remembered."""
    return datetime.now(UTC).isoformat(timespec="seconds")

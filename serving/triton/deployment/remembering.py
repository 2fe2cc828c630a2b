"""Remembering what is decided of releases, in the moment in which it is done."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from serving.release.manifest import Manifest
from serving.release.release import MANIFEST
from serving.triton.deployment.verdicts import FILE, Verdict, Verdicts
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.names import CONFIG

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def remembered(
    releases: Path, repository: Path, before: LiveRelease | None, change: Callable[[Verdicts], Verdicts]
) -> Iterator[None]:
    """Writes down what a person decides before it is done, and takes it back where it cannot be done.

    What cannot be written down is told, and done all the same: whoever goes back is in a hurry. Under the lock of
    `changing`, as is all that changes what answers.

    Args:
        releases: folder of the recommender's releases.
        repository: Triton's model repository.
        before: what answers, or was to.
        change: from what was remembered to what is to be.
    """
    try:
        verdicts = known(releases, repository, before)
    except ValueError as error:
        logger.warning("%s It lies as %s now.", error, f"{FILE}.damaged")
        (releases / FILE).replace(releases / f"{FILE}.damaged")
        verdicts = Verdicts()
    _save(change(verdicts), releases)
    try:
        yield
    except BaseException:
        _save(verdicts, releases)
        raise


def known(releases: Path, repository: Path, before: LiveRelease | None) -> Verdicts:
    """What is remembered of the releases of a recommender.

    In a home of a version that remembered nothing, a release before that is newer than the live one was left for it.

    Args:
        releases: folder of the recommender's releases.
        repository: Triton's model repository.
        before: what answers, or was to; None for nothing.

    Raises:
        ValueError: when the file is damaged.
    """
    found = Verdicts.load(releases)
    if found is not None:
        return found
    if before is None or before.previous is None or not is_newer(releases, before.previous, before.hash):
        return Verdicts()
    pointed = datetime.fromtimestamp((repository / before.name / CONFIG).stat().st_mtime, UTC)
    return Verdicts({before.previous: Verdict("rolled_back", pointed.isoformat(timespec="seconds"), before.hash)})


def is_newer(releases: Path, one: str, other: str) -> bool:
    """Whether one release was made after another; False where a manifest is gone or damaged.

    Args:
        releases: folder of the recommender's releases.
        one: hash of the first.
        other: hash of the other.
    """
    try:
        made = [datetime.fromisoformat(Manifest.load(releases / h / MANIFEST).created) for h in (one, other)]
        return made[0] > made[1]
    except (ValueError, TypeError, OSError):
        return False


def _save(verdicts: Verdicts, releases: Path) -> None:
    try:
        verdicts.save(releases)
    except OSError as error:
        logger.warning("What was decided of the releases in %s is not remembered: %s", releases, error)

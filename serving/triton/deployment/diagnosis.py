"""Why a release that should answer does not."""

from __future__ import annotations

from pathlib import Path

from serving.release.release import Release
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.restore import failure


def why_silent(silent: LiveRelease, release: Path, target: TritonTarget | None) -> str:
    """Why a release that should answer does not; empty where nobody knows, as while it is being loaded.

    The server tells of its last attempt, and nothing while it makes another: then the files are looked at here.
    Nothing is started for it.

    Args:
        silent: what the recommender's name was pointed at.
        release: directory of its release, as this process sees it.
        target: the server; None where none runs.
    """
    if target is None:
        return damage(release)
    with target.connected() as control:
        by_server = failure(target.repository, silent.name, {status.name: status for status in control.models()})
    if by_server or (target.folder is None and not release.exists()):  # its files may lie elsewhere alone
        return by_server
    return damage(release)


def damage(release: Path) -> str:
    """What is wrong with the files of a release; empty where nothing is."""
    try:
        Release.open(release)
    except (ValueError, OSError) as error:
        return str(error)
    return ""

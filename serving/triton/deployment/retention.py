"""Removing what a server needs no more: releases beyond those that are kept, and models that nothing stands on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from serving.release.holding import Holding
from serving.release.release_pool import one_writer, pool, take_away
from serving.request.model_names import HASH_DIGITS, model_name
from serving.triton.control.control import TritonError
from serving.triton.deployment.target import Control
from serving.triton.deployment.verdicts import Verdicts
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.names import beneath, changing


def clean_up(
    name: str,
    releases: Path,
    repository: Path,
    keep: int,
    needed: Callable[[], Mapping[str, str]],
    control: Control | None,
    dry_run: bool = False,
) -> list[Holding]:
    """Removes releases of a recommender beyond the newest few, with what is left of them in the server's repository.

    Whatever is live, is the one before, is being tried or waits stays, and so does every release of which the server
    has a model. It happens under the locks under which releases are deployed and written, so none that is on its way is
    touched. Each is renamed away first and deleted then: after a crash in between, nobody sees it, and whoever cleans
    up next deletes the rest.

    Args:
        name: the recommender.
        releases: folder of its releases.
        repository: Triton's model repository.
        keep: how many of the newest stay, at least.
        needed: why further releases are needed, by hash; asked when nothing changes any more.
        control: of the server; None for one of ours that is stopped. Where it does not answer, no model is removed.
        dry_run: only look, without waiting for anybody.

    Returns:
        All that was looked at, and what became of it.
    """
    if dry_run:
        return _holdings(name, releases, repository, keep, needed(), control)
    with changing(repository, name), one_writer(releases):
        found = [_taken(holding, control) for holding in _holdings(name, releases, repository, keep, needed(), control)]
    for _, place in found:
        if place is not None:
            shutil.rmtree(place, ignore_errors=True)
    return [holding for holding, _ in found]


def _holdings(
    name: str,
    releases: Path,
    repository: Path,
    keep: int,
    needed: Mapping[str, str],
    control: Control | None,
) -> list[Holding]:
    loaded = _loaded(control)
    stray = [] if loaded is None else _stray_models(repository, name)
    models = {folder.name for folder in repository.glob(f"{name}.*")} | (loaded or set())
    models -= {path.name for path in stray}
    reasons = {**_served(name, releases, models), **needed, **_standing(name, releases, repository)}
    return [
        *pool(releases, keep, reasons),
        *(Holding.going(path, "model", "nothing that answers stands on it") for path in stray),
    ]


def _loaded(control: Control | None) -> set[str] | None:
    """Models that are loaded; None where nobody can tell."""
    try:
        return set() if control is None else {status.name for status in control.models() if status.ready}
    except TritonError:
        return None


def _stray_models(repository: Path, name: str) -> list[Path]:
    """Models of a recommender on which nothing stands: of a deployment that was cut off, say."""
    live = LiveRelease.written(repository, name)
    tops = [name, *(model_name(name, release) for release in (live.hashes if live else ()))]
    wanted = {model for top in tops for model in beneath(repository, top)}
    return [path for path in sorted(repository.glob(f"{name}.*")) if path.name not in wanted and path.is_dir()]


def _served(name: str, releases: Path, models: Collection[str]) -> dict[str, str]:
    digits = {model.removeprefix(f"{name}.")[:HASH_DIGITS] for model in models if model.startswith(f"{name}.")}
    there = releases.iterdir() if releases.is_dir() else ()
    return {path.name: "the server has its model" for path in there if path.name[:HASH_DIGITS] in digits}


def _standing(name: str, releases: Path, repository: Path) -> dict[str, str]:
    """What answers and what may soon, by hash."""
    found: dict[str, str] = {}
    with contextlib.suppress(ValueError):  # damaged: whatever waited is the newest, or not far from it
        waiting = (Verdicts.load(releases) or Verdicts()).waiting
        found |= {waiting.release: "waits"} if waiting else {}
    live = LiveRelease.written(repository, name)
    if live is not None:
        found |= {live.challenger: "being tried"} if live.challenger else {}
        found |= {live.previous: "the one before"} if live.previous else {}
        found[live.hash] = "live"
    return found


def _taken(holding: Holding, control: Control | None) -> tuple[Holding, Path | None]:
    """What became of it, and where it lies now."""
    if not holding.goes:
        return holding, None
    if holding.what == "model" and control is not None:
        with contextlib.suppress(TritonError):
            control.unload(holding.path.name)
    try:
        return holding, take_away(holding.path)
    except OSError as error:
        return replace(holding, goes=False, why=f"{holding.why}, but could not be removed: {error}"), None

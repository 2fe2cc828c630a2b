"""Deploying a release: load it beside what is live, prove it, and only then point the name at it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from serving.client import RecommenderClient
from serving.ensemble import FILE, Ensemble
from serving.recommendation import Id
from serving.release import Release
from serving.triton.control import TritonControl, TritonError
from serving.triton.model_config import ModelTensors
from serving.triton.names import changing, model_name
from serving.triton.repository import replace_config, write_model, write_pointer
from serving.triton.restore import restore_models
from serving.triton.smoke_test import smoke_test
from serving.triton.target import TritonTarget

WARM_UP_BATCHES = (1, 1, 2, 4, 16, 1, 1, 1)


class DeploymentError(RuntimeError):
    """Why a release did not go live; what was live still is."""


@dataclass(frozen=True)
class LiveRelease:
    """What the name points at.

    Args:
        name: the recommender.
        hash: the release that answers.
        previous: the release before, still loaded for the way back; None where there is none.
    """

    name: str
    hash: str
    previous: str | None


def live_release(name: str, target: TritonTarget) -> LiveRelease | None:
    """The release that answers under `name`; None when none does.

    Raises:
        TritonError: when the server does not answer.
    """
    with _connected(target) as control:
        return _live(name, control)


def deploy(
    release: Release, target: TritonTarget, users: Sequence[Id], ensemble: Ensemble | None = None
) -> LiveRelease:
    """Makes a release answer under its recommender's name, without a request being disturbed.

    The release is loaded as a Triton model of its own, warmed up and asked over gRPC; its answers must be
    those of the same release in this process. Then the name is pointed at it. The release that was live
    stays loaded, older ones are unloaded.

    Args:
        release: the release.
        target: the server.
        users: some user ids to ask for, best known and unknown ones; at least one.
        ensemble: the release's ensemble where it is open already.

    Raises:
        DeploymentError: when the release cannot be loaded or does not answer as it should. What was live
            stays live, and the failed release is unloaded.
        TritonError: when the server does not answer.
    """
    described = Ensemble.load(release.part(FILE))
    tensors = ModelTensors.of(described.inputs, described.outputs["item_id"].dtype)
    with _locked(target, release.name), _connected(target) as control:
        before = _live(release.name, control) or _brought_back(release.name, target, control)
        path = target.release_path(release)
        model = write_model(target.repository, release.name, release.hash, path, tensors, target.settings)
        try:
            with ThreadPoolExecutor(1) as pool:  # both take seconds, for the same imports
                loading = pool.submit(control.load, model)
                ensemble = ensemble or described.bind(release)
                loading.result()
            _prove(model, ensemble, target, users)
            _point(release.name, release.hash, tensors, target, control, before)
        except BaseException as error:
            if before is None or release.hash not in (before.hash, before.previous):
                _remove(model, target, control)
            if not isinstance(error, Exception):  # interrupted
                raise
            raise DeploymentError(
                f"The release {release.hash[:12]} of {release.name!r} did not go live ({_still(before)}): {error}"
            ) from error
        live = _live(release.name, control)
        assert live is not None
        _unload_others(live, target, control)
        return live


def rollback(previous: Release, target: TritonTarget) -> LiveRelease:
    """Points a recommender's name back at the release before, which is still loaded.

    Args:
        previous: the release before, as `live_release` names it.
        target: the server.

    Raises:
        DeploymentError: when it is not the release before.
    """
    name = previous.name
    ensemble = Ensemble.load(previous.part(FILE))
    tensors = ModelTensors.of(ensemble.inputs, ensemble.outputs["item_id"].dtype)
    with _locked(target, name), _connected(target) as control:
        before = _live(name, control)
        if before is None or before.previous != previous.hash:
            raise DeploymentError(
                f"{name!r} has no release {previous.hash[:12]} to go back to ({_still(before)}); deploy it instead."
            )
        try:
            _point(name, previous.hash, tensors, target, control, before)
        except TritonError as error:
            raise DeploymentError(f"{name!r} could not go back ({_still(before)}): {error}") from error
        live = _live(name, control)
        assert live is not None
        return live


def restore(target: TritonTarget) -> dict[str, str]:
    """Loads what was live before the server was stopped, each recommender on its own.

    Returns:
        What went wrong, by recommender; empty when all is well.
    """
    with _connected(target) as control:
        return restore_models(target.repository, control)


# --- steps ----------------------------------------------------------------------------------------------
def _live(name: str, control: TritonControl) -> LiveRelease | None:
    parameters = control.parameters(name)
    if parameters is None:
        return None
    return LiveRelease(name, parameters["release"], parameters.get("previous") or None)


def _brought_back(name: str, target: TritonTarget, control: TritonControl) -> LiveRelease | None:
    """What was live before the server was stopped, loaded again."""
    if not (target.repository / name / "config.pbtxt").exists():
        return None
    with contextlib.suppress(TritonError):  # it may be what the new release is to replace
        control.load(name)
    return _live(name, control)


def _prove(model: str, ensemble: Ensemble, target: TritonTarget, users: Sequence[Id]) -> None:
    if not users:
        raise ValueError("no user ids were given to test it with; give at least one.")
    with RecommenderClient(target.grpc_url, model, timeout=60.0) as client:
        for size in WARM_UP_BATCHES:
            client.recommend([users[i % len(users)] for i in range(size)])
        smoke_test(client, ensemble, users)


def _point(
    name: str,
    release_hash: str,
    tensors: ModelTensors,
    target: TritonTarget,
    control: TritonControl,
    before: LiveRelease | None,
) -> None:
    if before is not None and before.hash == release_hash:
        return
    previous = before.hash if before else ""
    batch = target.settings.max_batch_size
    config = write_pointer(target.repository, name, release_hash, tensors, batch, previous)
    try:
        control.load(name)
    except TritonError:
        # Triton goes on with the model it has; the file must say the same for the next start.
        if config is not None:
            replace_config(target.repository, name, config)
        else:
            shutil.rmtree(target.repository / name)
        raise


def _unload_others(live: LiveRelease, target: TritonTarget, control: TritonControl) -> None:
    keep = {model_name(live.name, live.hash)}
    if live.previous:
        keep.add(model_name(live.name, live.previous))
    for status in control.models():
        if status.name.startswith(f"{live.name}.") and status.name not in keep:
            _remove(status.name, target, control)


def _remove(model: str, target: TritonTarget, control: TritonControl) -> None:
    with contextlib.suppress(TritonError):
        control.unload(model)
    shutil.rmtree(target.repository / model, ignore_errors=True)


def _still(before: LiveRelease | None) -> str:
    return f"{before.hash[:12]} stays live" if before else "nothing is live"


@contextlib.contextmanager
def _connected(target: TritonTarget) -> Iterator[TritonControl]:
    control = TritonControl(target.grpc_url)
    try:
        yield control
    finally:
        control.close()


@contextlib.contextmanager
def _locked(target: TritonTarget, name: str) -> Iterator[None]:
    """One deployment of a recommender at a time."""
    with changing(target.repository, name):
        yield

"""The steps by which a release comes under its recommender's name."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from serving.client.client import RecommenderClient
from serving.decisions.reader import TEST
from serving.ensemble.ensemble import FILE, Ensemble
from serving.release.release import MANIFEST, Release
from serving.request.model_names import model_name
from serving.request.recommendation import Id
from serving.triton.control.control import TritonControl, TritonError
from serving.triton.control.http_control import HttpControl
from serving.triton.deployment.smoke_test import smoke_test
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.layouts import write_release
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import replace_config, write_pointer, write_router
from serving.triton.repository.names import models_of
from serving.triton.repository.restore import load_live
from serving.triton.repository.warmup import Warmup

Control = TritonControl | HttpControl
WARM_UP_BATCHES = (1, 1, 2, 4, 16, 1, 1, 1)


class DeploymentError(RuntimeError):
    """Why a release did not go live; what was live still is."""


@contextlib.contextmanager
def going_live(release: Release, target: TritonTarget, control: Control, before: LiveRelease | None) -> Iterator[None]:
    """Unloads a release that did not get there, and says why."""
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(TritonError):
            if before is None:
                _remove(model_name(release.name, release.hash), target, control)
            else:
                unload_others(before, target, control)  # a router too, where one was made
        if not isinstance(error, Exception):  # interrupted
            raise
        raise DeploymentError(
            f"The release {release.hash[:12]} of {release.name!r} did not go live ({still(before)}): {error}"
        ) from error


def loaded(
    release: Release,
    target: TritonTarget,
    control: Control,
    users: Sequence[Id],
    ensemble: Ensemble | None = None,
) -> tuple[str, ModelTensors]:
    """Loads the model of a release and proves it; its name, and its inputs and outputs."""
    if not users:
        raise ValueError("no user ids were given to test it with; give at least one.")
    if not (release.path / MANIFEST).is_file():  # since it was opened, before the lock was ours
        raise FileNotFoundError(f"it was removed meanwhile, and lay at {release.path}; build it anew.")
    described, path = Ensemble.load(release.part(FILE)), target.release_path(release)
    tensors = ModelTensors.of(described.inputs, described.outputs)
    warmup = Warmup.of(described.inputs, users)
    target.publish(release)
    model = write_release(target.repository, release.name, release, path, described, tensors, target.settings, warmup)
    with ThreadPoolExecutor(1) as pool:  # both take seconds, for the same imports
        loading = pool.submit(control.load, model)
        try:
            ensemble = ensemble or described.bind(release)
        finally:
            loading.result()  # of a damaged file, the server says which it is; here it is read without a look at it
    _prove(model, ensemble, target, users)
    return model, tensors


def tensors_of(release: Release) -> ModelTensors:
    """What the model of a release takes and gives."""
    ensemble = Ensemble.load(release.part(FILE))
    return ModelTensors.of(ensemble.inputs, ensemble.outputs)


def live_of(name: str, control: Control) -> LiveRelease | None:
    """What is live by a recommender's name, as the server says; None where nothing is."""
    parameters = control.parameters(name)
    return None if parameters is None else LiveRelease.of(name, parameters)


def routed(
    wanted: LiveRelease, tensors: ModelTensors, target: TritonTarget, control: Control, users: Sequence[Id]
) -> str:
    """Writes and loads the router of a rollout, and asks it."""
    models = {
        "live_model": model_name(wanted.name, wanted.hash),
        "candidate_model": model_name(wanted.name, str(wanted.challenger)),
        "url": target.url_within,
        **target.settings.log_parameters(wanted.name),
    }
    batch = target.settings.max_batch_size
    model = write_router(target.repository, wanted.name, tensors, batch, {**wanted.parameters(), **models})
    control.load(model)
    with RecommenderClient(target.grpc_url, model, timeout=60.0) as client:
        client.recommend(list(users), request_id=f"{TEST}router")
    return model


def brought_back(name: str, target: TritonTarget, control: Control) -> LiveRelease | None:
    """What was live before the server was stopped, loaded again."""
    if not (target.repository / name / "config.pbtxt").exists():
        return None
    with contextlib.suppress(TritonError):  # it may be what the new release is to replace
        load_live(target.repository, control, name)
    return live_of(name, control)


def _prove(model: str, ensemble: Ensemble, target: TritonTarget, users: Sequence[Id]) -> None:
    with RecommenderClient(target.grpc_url, model, timeout=60.0) as client:
        for size in WARM_UP_BATCHES:
            client.recommend([users[i % len(users)] for i in range(size)], request_id=f"{TEST}warm-up")
        smoke_test(client, ensemble, users)


def point(wanted: LiveRelease, model: str, tensors: ModelTensors, target: TritonTarget, control: Control) -> None:
    """Lets the recommender's name mean a model; where that fails, it means what it meant before."""
    batch = target.settings.max_batch_size
    config = write_pointer(target.repository, wanted.name, model, tensors, batch, wanted.parameters())
    try:
        control.load(wanted.name)
    except TritonError:
        # Triton goes on with the model it has; the file must say the same for the next start.
        if config is not None:
            replace_config(target.repository, wanted.name, config)
        else:
            shutil.rmtree(target.repository / wanted.name)
        raise


def unload_others(live: LiveRelease, target: TritonTarget, control: Control) -> None:
    """Unloads the models of a recommender that nothing live calls any more."""
    keep = {model_name(live.name, release_hash) for release_hash in live.hashes}
    keep.update(control.steps(live.name))
    keep |= {step for model in keep for step in models_of(target.repository, model)}
    for status in control.models():
        if status.name.startswith(f"{live.name}.") and status.name not in keep:
            _remove(status.name, target, control)


def _remove(model: str, target: TritonTarget, control: Control) -> None:
    for name in (model, *models_of(target.repository, model)):  # an ensemble before what it stands on
        with contextlib.suppress(TritonError):
            control.unload(name)
        shutil.rmtree(target.repository / name, ignore_errors=True)


def still(before: LiveRelease | None) -> str:
    """What stays live where something else could not go live, for messages."""
    return f"{before.hash[:12]} stays live" if before else "nothing is live"


@contextlib.contextmanager
def connected(target: TritonTarget) -> Iterator[Control]:
    """The control of a target for the length of a block."""
    control = target.control()
    try:
        yield control
    finally:
        control.close()

"""Promotion: the steps by which a release comes under its recommender's name."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from serving.client.client import RecommenderClient
from serving.decisions.reader import TEST
from serving.ensemble.ensemble import FILE, Ensemble
from serving.release.release import MANIFEST, Release
from serving.request.model_names import model_name
from serving.request.recommendation import Id
from serving.triton.control.control import TritonError
from serving.triton.deployment.smoke_test import smoke_test
from serving.triton.deployment.target import Control, TritonTarget
from serving.triton.repository.layouts import write_release
from serving.triton.repository.live_release import LiveRelease
from serving.triton.repository.model_config import ModelTensors
from serving.triton.repository.model_directory import replace_config, write_pointer, write_router
from serving.triton.repository.names import changing, models_of
from serving.triton.repository.released_model import ReleasedModel
from serving.triton.repository.restore import load_live
from serving.triton.repository.warmup import Warmup

WARM_UP_BATCHES = (1, 1, 2, 4, 16, 1, 1, 1)


class DeploymentError(RuntimeError):
    """Why a release did not go live; what was live still is."""


@dataclass(frozen=True)
class Promotion:
    """Changes what answers under a recommender's name, step by step; what the steps are for, `deploy` and others know.

    Args:
        name: the recommender.
        target: the server.
        control: of the server.
    """

    name: str
    target: TritonTarget
    control: Control

    @classmethod
    @contextlib.contextmanager
    def begun(cls, name: str, target: TritonTarget) -> Iterator[Promotion]:
        """For the length of a block nobody else changes what answers under the name.

        Args:
            name: the recommender.
            target: the server.

        Raises:
            TritonError: when the server does not answer.
        """
        with changing(target.repository, name), target.connected() as control:
            yield cls(name, target, control)

    def live(self) -> LiveRelease | None:
        """What answers under the name, as the server says; None where nothing does."""
        parameters = self.control.parameters(self.name)
        return None if parameters is None else LiveRelease.of(self.name, parameters)

    def live_again(self) -> LiveRelease | None:
        """What answers under the name, loaded again where it did before the server was stopped."""
        live = self.live()
        if live is not None or not (self.target.repository / self.name / "config.pbtxt").exists():
            return live
        with contextlib.suppress(TritonError):  # it may be what the new release is to replace
            load_live(self.target.repository, self.control, self.name)
        return self.live()

    @contextlib.contextmanager
    def trying(self, release: Release, before: LiveRelease | None) -> Iterator[None]:
        """Unloads a release that does not get to answer by the end of a block, and says why.

        Args:
            release: the release.
            before: what answers; None for nothing.

        Raises:
            DeploymentError: when anything went wrong within.
        """
        try:
            yield
        except BaseException as error:
            with contextlib.suppress(TritonError):
                if before is None:
                    self._remove(model_name(release.name, release.hash))
                else:
                    self.unload_others(before)  # a router too, where one was made
            if not isinstance(error, Exception):  # interrupted
                raise
            raise DeploymentError(
                f"The release {release.hash[:12]} of {release.name!r} did not go live ({still(before)}): {error}"
            ) from error

    def load(self, release: Release, users: Sequence[Id], ensemble: Ensemble | None = None) -> tuple[str, ModelTensors]:
        """Loads the model of a release and proves it.

        Args:
            release: the release.
            users: some user ids to ask for; at least one.
            ensemble: the release's ensemble where it is open already.

        Returns:
            Name of the model, and its inputs and outputs.

        Raises:
            ValueError: when no user was given.
            FileNotFoundError: when the release is gone.
            TritonError: when the server cannot load it.
        """
        if not users:
            raise ValueError("no user ids were given to test it with; give at least one.")
        if not (release.path / MANIFEST).is_file():  # since it was opened, before the lock was ours
            raise FileNotFoundError(f"it was removed meanwhile, and lay at {release.path}; build it anew.")
        target, described = self.target, Ensemble.load(release.part(FILE))
        model = ReleasedModel.of(release, described, target.settings, target.release_path(release))
        target.publish(release)
        write_release(target.repository, model, described, Warmup.of(described.inputs, users))
        with ThreadPoolExecutor(1) as pool:  # both take seconds, for the same imports
            loading = pool.submit(self.control.load, model.name)
            try:
                ensemble = ensemble or described.bind(release)
            finally:
                loading.result()  # of a damaged file, the server says which it is; here it is read without a look at it
        _prove(model.name, ensemble, target, users)
        return model.name, model.tensors

    def load_router(self, wanted: LiveRelease, tensors: ModelTensors, users: Sequence[Id]) -> str:
        """Writes and loads the router of a rollout, and asks it.

        Args:
            wanted: both releases and their shares.
            tensors: what the router takes and gives.
            users: some user ids to ask for.

        Returns:
            Name of its model.
        """
        target = self.target
        models = {
            "live_model": model_name(wanted.name, wanted.hash),
            "candidate_model": model_name(wanted.name, str(wanted.challenger)),
            "url": target.url_within,
            **target.settings.log_parameters(wanted.name),
        }
        batch = target.settings.max_batch_size
        model = write_router(target.repository, wanted.name, tensors, batch, {**wanted.parameters(), **models})
        self.control.load(model)
        with RecommenderClient(target.grpc_url, model, timeout=60.0) as client:
            client.recommend(list(users), request_id=f"{TEST}router")
        return model

    def point(self, wanted: LiveRelease, model: str, tensors: ModelTensors) -> None:
        """Lets the recommender's name mean a model; where that fails, it means what it meant before.

        Args:
            wanted: what is live then.
            model: name of the model, which is loaded.
            tensors: its inputs and outputs.

        Raises:
            TritonError: when the server cannot load it.
        """
        repository, batch = self.target.repository, self.target.settings.max_batch_size
        config = write_pointer(repository, wanted.name, model, tensors, batch, wanted.parameters())
        try:
            self.control.load(wanted.name)
        except TritonError:
            # Triton goes on with the model it has; the file must say the same for the next start.
            if config is not None:
                replace_config(repository, wanted.name, config)
            else:
                shutil.rmtree(repository / wanted.name)
            raise

    def unload_others(self, live: LiveRelease) -> None:
        """Unloads the models of the recommender that nothing live calls any more."""
        keep = {model_name(live.name, release_hash) for release_hash in live.hashes}
        keep.update(self.control.steps(live.name))
        keep |= {step for model in keep for step in models_of(self.target.repository, model)}
        for status in self.control.models():
            if status.name.startswith(f"{live.name}.") and status.name not in keep:
                self._remove(status.name)

    def _remove(self, model: str) -> None:
        for name in (model, *models_of(self.target.repository, model)):  # an ensemble before what it stands on
            with contextlib.suppress(TritonError):
                self.control.unload(name)
            shutil.rmtree(self.target.repository / name, ignore_errors=True)


def tensors_of(release: Release) -> ModelTensors:
    """What the model of a release takes and gives."""
    ensemble = Ensemble.load(release.part(FILE))
    return ModelTensors.of(ensemble.inputs, ensemble.outputs)


def still(before: LiveRelease | None) -> str:
    """What stays live where something else could not go live, for messages."""
    return f"{before.hash[:12]} stays live" if before else "nothing is live"


def _prove(model: str, ensemble: Ensemble, target: TritonTarget, users: Sequence[Id]) -> None:
    with RecommenderClient(target.grpc_url, model, timeout=60.0) as client:
        for size in WARM_UP_BATCHES:
            client.recommend([users[i % len(users)] for i in range(size)], request_id=f"{TEST}warm-up")
        smoke_test(client, ensemble, users)

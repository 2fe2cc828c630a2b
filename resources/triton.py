"""Serving: a Triton server of this home, or one of the user's own."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from resources.home import Home

if TYPE_CHECKING:
    from serving.client import RecommenderClient
    from serving.ensemble import Ensemble
    from serving.recommendation import Id
    from serving.release import Release
    from serving.triton.deployment import LiveRelease
    from serving.triton.server import TritonServer
    from serving.triton.server_state import ServerState
    from serving.triton.target import TritonTarget

logger = logging.getLogger(__name__)


class TritonResource(dg.ConfigurableResource[Any]):
    """Deploys releases to Triton and asks it.

    Without an `address`, the resource starts a daemon of its own for the home (or finds the one that runs)
    on loopback; it outlives the process that started it, and `stop` ends it. With an `address`, releases go
    to a server of the user's own, in explicit model control, through its model repository.

    Args:
        address: gRPC address (`host:port`) of a server of one's own; None for the embedded one.
        http_address: HTTP address of that server, only shown to people.
        repository: its model repository, as this process sees it; needed with an `address`.
        releases: folder of the releases as that server sees it, where that differs.
        http_port: port of the embedded server; None asks for a free one.
        grpc_port: likewise.
        metrics_port: likewise.
        instances: processes a release that answer side by side.
        max_batch_size: users in one request.
        queue_delay_us: microseconds that a request may wait to be joined with others.
        form: `fused`, one Triton model for the whole graph, or `ensemble`, one an operator.
        group_by: of the form `ensemble`: `operator`, or `stage` for one model a stage.
        step_instances: of the form `ensemble`: processes of single steps, by operator or stage.

    Example:
        >>> TritonResource().client("demo").recommend(7)
    """

    address: str | None = None
    http_address: str | None = None
    repository: str | None = None
    releases: str | None = None
    http_port: int | None = None
    grpc_port: int | None = None
    metrics_port: int | None = None
    instances: int = 1
    max_batch_size: int = 1024
    queue_delay_us: int = 0
    form: str = "fused"
    group_by: str = "operator"
    step_instances: dict[str, int] = {}

    def server(self) -> TritonServer:
        """The embedded server, whether it runs or not.

        Raises:
            ValueError: when a server of one's own is configured.
        """
        from serving.triton.server import TritonServer

        if self.address is not None:
            raise ValueError(f"The server at {self.address} is not ours to start or stop; do so where it runs.")
        return TritonServer(
            Home.from_environment().triton,
            http_port=self.http_port,
            grpc_port=self.grpc_port,
            metrics_port=self.metrics_port,
            environment=os.environ,
        )

    def target(self) -> TritonTarget:
        """Where releases are deployed to; starts the embedded server, with all that was live on it.

        Raises:
            ValueError: when an `address` comes without a `repository`.
            RuntimeError: when the embedded server does not start.
        """
        from serving.triton.deployment import restore

        if self.address is not None:
            return self._target(self.address)
        server = self.server()
        running = server.status() is not None
        target = self._target(server.start().grpc_url)
        if not running:
            for name, problem in restore(target).items():
                logger.warning("The recommender %r did not come back: %s", name, problem)
        return target

    def status(self) -> ServerState | None:
        """The embedded server's ports and process, None when it does not run or is not ours."""
        return None if self.address is not None else self.server().status()

    def stop(self) -> bool:
        """Ends the embedded server; whether it had been running."""
        return self.server().stop()

    def deploy(self, release: Release, users: Sequence[Id], ensemble: Ensemble | None = None) -> LiveRelease:
        """Makes a release live; see `serving.triton.deployment.deploy`."""
        from serving.triton.deployment import deploy

        return deploy(release, self.target(), users, ensemble)

    def rollback(self, name: str) -> LiveRelease:
        """Points a recommender's name back at the release before; starts a server that was ended meanwhile.

        Raises:
            LookupError: when there is none.
        """
        from serving.release import Release
        from serving.triton.deployment import rollback

        stopped = self.address is None and self.status() is None
        if stopped and (Home.from_environment().triton_models / name).is_dir():
            self.target()
        live = self.live(name)
        if live is None or live.previous is None:
            raise LookupError(f"The recommender {name!r} has no earlier release to go back to.")
        previous = Release.open(Home.from_environment().release(name, live.previous))
        return rollback(previous, self.target())

    def live(self, name: str) -> LiveRelease | None:
        """What answers under a recommender's name; None when nothing does, or no server runs."""
        from serving.triton.deployment import live_release

        if self.address is None:
            state = self.status()
            return None if state is None else live_release(name, self._target(state.grpc_url))
        return live_release(name, self._target(self.address))

    def client(self, name: str, timeout: float = 5.0) -> RecommenderClient:
        """A client of a recommender; starts the embedded server where it does not run."""
        from serving.client import RecommenderClient

        return RecommenderClient(self.target().grpc_url, name, timeout)

    def _target(self, grpc_url: str) -> TritonTarget:
        from serving.triton.form_settings import FormSettings
        from serving.triton.repository import ModelSettings
        from serving.triton.target import TritonTarget

        if self.address is not None and self.repository is None:
            raise ValueError(
                f"The Triton server at {self.address} needs `repository`, the path of its model repository."
            )
        repository = Path(self.repository) if self.repository else Home.from_environment().triton_models
        form = FormSettings(self.form, self.group_by, self.step_instances)
        settings = ModelSettings(self.instances, self.max_batch_size, self.queue_delay_us, form)
        return TritonTarget(grpc_url, repository, self.releases, settings)

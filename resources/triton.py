"""Serving: a Triton server of this home, or one of the user's own."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import dagster as dg
from pydantic import Field, model_validator

from resources.environment import path_variables
from resources.home import Home

if TYPE_CHECKING:
    from serving.client.client import RecommenderClient
    from serving.ensemble.ensemble import Ensemble
    from serving.release.holding import Holding
    from serving.release.release import Release
    from serving.request.recommendation import Id
    from serving.triton.control.server_state import ServerState
    from serving.triton.deployment.offer import Offered, OnNewRelease
    from serving.triton.deployment.target import TritonTarget
    from serving.triton.repository.layout_settings import LayoutSettings
    from serving.triton.repository.live_release import LiveRelease
    from serving.triton.server.server import TritonServer

logger = logging.getLogger(__name__)
MOST_PORT = 65_535


class TritonResource(dg.ConfigurableResource[Any]):
    """Deploys releases to Triton and asks it.

    Without an `address`, the resource starts a daemon of its own for the home (or finds the one that runs)
    on loopback; it outlives the process that started it, and `stop` ends it. With an `address`, releases go
    to a server of the user's own, in explicit model control, through its model repository.

    Args:
        address: gRPC address (`host:port`) of a server of one's own; None for the embedded one.
        http_address: HTTP address of that server, only shown to people.
        repository: its model repository, as this process sees it; needed with an `address`.
        releases: folder of the releases as that server sees it, where that differs; or an fsspec address
            (`s3://bucket/releases`): releases are sent there when they are deployed, and it takes them from there.
        release_cache: folder of that server for its copies of releases from such an address.
        feast: folder of the Feast repositories as that server sees it; by default `feast` beside `releases`.
        own_address: gRPC address by which that server reaches itself; by default its port on loopback.
        control_key: `KEY=VALUE` that opens its model control; `${NAME}` in it is taken from the environment.
        grpc_port: port of the embedded server; None asks for a free one.
        metrics_port: likewise.
        instances: processes a release that answer side by side.
        max_batch_size: users in one request.
        queue_delay_us: microseconds that a request may wait to be joined with others.
        decisions: folder of the decision logs as that server sees it; without an `address` it is the home's.
        log_rate: share of requests whose decisions are logged, 0 to 1.
        log_days: days that decisions are kept.
        form: `fused`, one Triton model for the whole graph, or `ensemble`, one an operator.
        group_by: of the form `ensemble`: `operator`, or `stage` for one model a stage.
        step_instances: of the form `ensemble`: processes of single steps, by operator or stage.

    Raises:
        ValueError: when a number is out of bounds, or settings do not fit together, such as an `address` without a
            `repository`.

    Example:
        >>> TritonResource().client("demo").recommend(7)  # doctest: +SKIP
    """

    address: str | None = None
    http_address: str | None = None
    repository: str | None = None
    releases: str | None = None
    release_cache: str = "/var/cache/recsys"
    feast: str | None = None
    own_address: str | None = None
    control_key: str | None = None
    grpc_port: int | None = Field(None, ge=1, le=MOST_PORT)
    metrics_port: int | None = Field(None, ge=1, le=MOST_PORT)
    instances: int = Field(1, ge=1, le=1024)
    max_batch_size: int = Field(1024, ge=1, le=2**31 - 1)
    queue_delay_us: int = Field(0, ge=0, le=1_000_000)
    decisions: str | None = None
    log_rate: float = Field(1.0, ge=0, le=1)
    log_days: int = Field(30, ge=1, le=36_500)
    form: Literal["fused", "ensemble"] = "fused"
    group_by: Literal["operator", "stage"] = "operator"
    step_instances: dict[str, int] = {}

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        self._check_places()
        self._check_ports()
        self._form()
        if self.control_key is not None and not re.fullmatch(r"[A-Za-z0-9_-]+=.+", self.control_key):
            raise ValueError("`control_key` must be KEY=VALUE; see docs/how-to/triton.md.")
        return self

    def server(self) -> TritonServer:
        """The embedded server, whether it runs or not.

        Raises:
            ValueError: when a server of one's own is configured.
        """
        from serving.triton.server.server import TritonServer

        if self.address is not None:
            raise ValueError(f"The server at {self.address} is not ours to start or stop; do so where it runs.")
        return TritonServer(
            Home.from_environment().triton,
            grpc_port=self.grpc_port,
            metrics_port=self.metrics_port,
            environment=os.environ,
        )

    def target(self) -> TritonTarget:
        """Where releases are deployed to; starts the embedded server, with all that was live on it.

        Where somebody else has just started it, this waits until what was live answers again.

        Raises:
            RuntimeError: when the embedded server does not start.
        """
        from serving.triton.deployment.deployment import restore

        if self.address is not None:
            return self._target(self.address)
        target = self._target(self.server().start().grpc_url)
        for name, problem in restore(target).items():
            logger.warning("The recommender %r does not answer: %s", name, problem)
        return target

    def status(self) -> ServerState | None:
        """The embedded server's ports and process, None when it does not run or is not ours."""
        return None if self.address is not None else self.server().status()

    def stop(self) -> bool:
        """Ends the embedded server; whether it had been running."""
        return self.server().stop()

    def deploy(self, release: Release, users: Sequence[Id], ensemble: Ensemble | None = None) -> LiveRelease:
        """Makes a release live, by a person's command; see `serving.triton.deployment.deployment.deploy`."""
        from serving.triton.deployment.deployment import deploy

        return deploy(release, self.target(), users, ensemble)

    def offer(self, release: Release, users: Sequence[Id], on_new_release: OnNewRelease = "wait") -> Offered:
        """Makes a release live unless a person's decision stands; see `serving.triton.deployment.offer.offer`."""
        from serving.triton.deployment.offer import offer

        return offer(release, self.target(), users, on_new_release)

    def rollback(self, name: str) -> LiveRelease:
        """Points a recommender's name back at the release before; starts a server that was ended meanwhile.

        Raises:
            LookupError: when there is none.
        """
        from serving.release.release import Release
        from serving.triton.deployment.deployment import rollback

        live = self.awake(name) or self.silent(name)
        if live is None or live.previous is None:
            raise LookupError(f"The recommender {name!r} has no earlier release to go back to.")
        previous = Release.open(Home.from_environment().release(name, live.previous))
        return rollback(previous, self.target())

    def roll_out(self, release: Release, users: Sequence[Id], canary: float = 0.0, shadow: float = 0.0) -> LiveRelease:
        """Tries a release beside the live one; see `serving.triton.deployment.rollout.roll_out`."""
        from serving.triton.deployment.rollout import roll_out

        return roll_out(release, self.target(), users, canary, shadow)

    def end_rollout(self, name: str) -> LiveRelease:
        """Takes the challenger away; see `serving.triton.deployment.rollout.end_rollout`.

        Raises:
            LookupError: when none is being tried.
        """
        from serving.release.release import Release
        from serving.triton.deployment.rollout import end_rollout

        live = self.awake(name)
        if live is None or live.challenger is None:
            raise LookupError(f"No release of {name!r} is being tried.")
        return end_rollout(Release.open(Home.from_environment().release(name, live.hash)), self.target())

    def awake(self, name: str) -> LiveRelease | None:
        """As `live`, of a server that is started where it was ended, and waited for where it is just being started."""
        found = self.live(name)
        if found is None and self.address is None and (Home.from_environment().triton_models / name).is_dir():
            self.target()
            return self.live(name)
        return found

    def silent(self, name: str) -> LiveRelease | None:
        """What the name was pointed at last, where nothing answers under it; None where something does."""
        from serving.triton.repository.live_release import LiveRelease

        if self.live(name) is not None:
            return None
        return LiveRelease.written(Path(self.repository or Home.from_environment().triton_models), name)

    def why_silent(self, silent: LiveRelease) -> str:
        """Why a release that should answer does not; see `serving.triton.deployment.diagnosis.why_silent`."""
        from serving.triton.deployment.diagnosis import why_silent

        return why_silent(silent, Home.from_environment().release(silent.name, silent.hash), self._present())

    def is_loaded(self, name: str, release_hash: str) -> bool:
        """Whether the server holds a release ready, be it live or not; False where no server runs."""
        from serving.request.model_names import model_name

        target = self._present()
        if target is None:
            return False
        with target.connected() as control:
            return control.parameters(model_name(name, release_hash)) is not None

    def live(self, name: str) -> LiveRelease | None:
        """What answers under a recommender's name; None when nothing does, or no server runs."""
        from serving.triton.deployment.deployment import live_release

        target = self._present()
        return None if target is None else live_release(name, target)

    def clean_up(
        self, name: str, keep: int, needed: Callable[[], Mapping[str, str]], dry_run: bool = False
    ) -> list[Holding]:
        """Removes releases and models that are needed no more; see `serving.triton.deployment.retention.clean_up`.

        Nothing is started for it.
        """
        from serving.triton.deployment.retention import clean_up

        home, target = Home.from_environment(), self._present()
        repository = Path(self.repository or home.triton_models)
        releases = home.releases / name
        if target is None:
            return clean_up(name, releases, repository, keep, needed, None, dry_run)
        with target.connected() as control:
            return clean_up(name, releases, repository, keep, needed, control, dry_run)

    def client(self, name: str, timeout: float = 5.0) -> RecommenderClient:
        """A client of a recommender; starts the embedded server where it does not run."""
        from serving.client.client import RecommenderClient

        return RecommenderClient(self.target().grpc_url, name, timeout)

    def _present(self) -> TritonTarget | None:
        """Where releases are deployed to, as it is: nothing is started or waited for; None where no server runs."""
        if self.address is not None:
            return self._target(self.address)
        state = self.status()
        return None if state is None else self._target(state.grpc_url)

    def _target(self, grpc_url: str) -> TritonTarget:
        from serving.triton.deployment.target import TritonTarget
        from serving.triton.repository.model_settings import ModelSettings

        repository = Path(self.repository) if self.repository else Home.from_environment().triton_models
        folder = Home.from_environment().triton if self.address is None else None
        # As the embedded server sees it, wherever the home lies.
        decisions = self.decisions if folder is None else os.path.relpath(Home.from_environment().decision_logs, folder)
        stored = self.releases is not None and "://" in self.releases
        settings = ModelSettings(
            self.instances,
            self.max_batch_size,
            self.queue_delay_us,
            self._form(),
            decisions,
            self.log_rate,
            self.log_days,
            self.release_cache if stored else None,
            self.feast,
        )
        own_url, key = self._own_url(), self._control_key()
        return TritonTarget(grpc_url, repository, self.releases, settings, own_url, key, folder)

    def _form(self) -> LayoutSettings:
        from serving.triton.repository.layout_settings import LayoutSettings

        return LayoutSettings(self.form, self.group_by, self.step_instances)

    def _check_ports(self) -> None:
        given = [port for port in (self.grpc_port, self.metrics_port) if port is not None]
        if len(set(given)) < len(given):
            raise ValueError(f"`grpc_port` and `metrics_port` must differ, got {given}; change one.")

    def _check_places(self) -> None:
        if self.address is not None and self.repository is None:
            raise ValueError(
                f"The Triton server at {self.address} needs `repository`, the path of its model repository."
            )
        if self.address is None:
            for name in ("repository", "releases", "feast", "decisions", "own_address", "control_key"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"The embedded Triton server keeps all its files in the home; remove `{name}`, or give the "
                        "`address` of a server of your own."
                    )

    def _own_url(self) -> str | None:
        if self.address is None or self.own_address is not None:
            return self.own_address
        return f"127.0.0.1:{self.address.rpartition(':')[2]}"  # its name outside may lead to another server

    def _control_key(self) -> str | None:
        from ops_gpu.logs.files.place import expand

        if self.control_key is None:
            return None
        return expand(self.control_key, path_variables(Home.from_environment()))

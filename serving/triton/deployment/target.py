"""Where releases are deployed to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from serving.release.release import Release
from serving.release.release_store import ReleaseStore
from serving.triton.control.control import TritonControl
from serving.triton.control.http_control import HttpControl
from serving.triton.repository.model_settings import ModelSettings

if TYPE_CHECKING:
    from serving.triton.server.server import TritonServer

Control = TritonControl | HttpControl


@dataclass(frozen=True)
class TritonTarget:
    """A Triton server to deploy to, ours or somebody else's.

    Args:
        grpc_url: `host:port`; the server is in explicit model control.
        repository: its model repository, as we see it.
        releases: folder of the releases as the server sees it, where that differs from what we see; or an
            fsspec address (`s3://bucket/releases`), to which releases are sent and from which it takes them.
        settings: how the models shall run.
        own_url: gRPC address by which the server reaches itself, where that is not `grpc_url`.
        control_key: what opens its model control, `KEY=VALUE`, where that is restricted; see `TritonControl`.
        folder: of the embedded server, `<home>/triton`, in which it works and takes orders; None for another server.
    """

    grpc_url: str
    repository: Path
    releases: str | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)
    own_url: str | None = None
    control_key: str | None = field(default=None, repr=False)
    folder: Path | None = None

    @classmethod
    def embedded(cls, server: TritonServer, settings: ModelSettings | None = None) -> TritonTarget:
        """The server of a home, which is started unless it runs.

        Args:
            server: of the home.
            settings: how the models shall run.
        """
        url = server.start().grpc_url
        return cls(url, server.repository, settings=settings or ModelSettings(), folder=server.folder)

    def control(self) -> Control:
        """What loads and unloads models of the server, to be closed after use."""
        return TritonControl(self.grpc_url, self.control_key) if self.folder is None else HttpControl(self.folder)

    @contextlib.contextmanager
    def connected(self) -> Iterator[Control]:
        """The same for the length of a block."""
        control = self.control()
        try:
            yield control
        finally:
            control.close()

    @property
    def url_within(self) -> str:
        """By which the server reaches itself; empty for that of a home, which finds it beside it when it starts."""
        return self.own_url or ("" if self.folder is not None else self.grpc_url)

    def publish(self, release: Release) -> None:
        """Sends a release to where the server takes it from; does nothing where they share a folder."""
        if self.releases is not None and "://" in self.releases:
            ReleaseStore(self.releases).upload(release)

    def release_path(self, release: Release) -> str:
        """The release's directory, or its address in an object store, as the server sees it."""
        if self.releases is not None:
            return f"{self.releases.rstrip('/')}/{release.name}/{release.hash}"
        home = None if self.folder is None else self.folder.parent
        inside = home is not None and release.path.is_relative_to(home)
        # A home that is moved takes its releases with it.
        return os.path.relpath(release.path, self.folder) if inside else str(release.path)

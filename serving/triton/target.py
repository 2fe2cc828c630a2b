"""Where releases are deployed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from serving.release import Release
from serving.release_store import ReleaseStore
from serving.triton.model_settings import ModelSettings


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
    """

    grpc_url: str
    repository: Path
    releases: str | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)
    own_url: str | None = None
    control_key: str | None = field(default=None, repr=False)

    def publish(self, release: Release) -> None:
        """Sends a release to where the server takes it from; does nothing where they share a folder."""
        if self.releases is not None and "://" in self.releases:
            ReleaseStore(self.releases).upload(release)

    def release_path(self, release: Release) -> str:
        """The release's directory, or its address in an object store, as the server sees it."""
        if self.releases is None:
            return str(release.path)
        return f"{self.releases.rstrip('/')}/{release.name}/{release.hash}"

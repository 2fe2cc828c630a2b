"""Where releases are deployed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from serving.release import Release
from serving.triton.repository import ModelSettings


@dataclass(frozen=True)
class TritonTarget:
    """A Triton server to deploy to, ours or somebody else's.

    Args:
        grpc_url: `host:port`; the server is in explicit model control.
        repository: its model repository, as we see it.
        releases: folder of the releases as the server sees it, where that differs from what we see.
        settings: how the models shall run.
    """

    grpc_url: str
    repository: Path
    releases: str | None = None
    settings: ModelSettings = field(default_factory=ModelSettings)

    def release_path(self, release: Release) -> str:
        """The release's directory as the server sees it."""
        if self.releases is None:
            return str(release.path)
        return f"{self.releases}/{release.name}/{release.hash}"

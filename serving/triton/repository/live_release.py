"""What a recommender's name points at, as the parameters of the model say that applications call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.triton.repository.model_config import release_parameters

PARAMETER = re.compile(r'^parameters \{ key: "(\w+)" value \{ string_value: "([^"]*)" \} \}$', re.MULTILINE)


@dataclass(frozen=True)
class LiveRelease:
    """What the name points at.

    Args:
        name: the recommender.
        hash: the release that answers.
        previous: the release before, still loaded for the way back; None where there is none.
        challenger: a release that is being tried beside it; None where there is none.
        canary: share of users that the challenger answers.
        shadow: share of requests that the challenger answers unseen.
    """

    name: str
    hash: str
    previous: str | None = None
    challenger: str | None = None
    canary: float = 0.0
    shadow: float = 0.0

    @property
    def hashes(self) -> tuple[str, ...]:
        """All releases that are loaded."""
        return tuple(found for found in (self.hash, self.previous, self.challenger) if found)

    @classmethod
    def of(cls, name: str, parameters: Mapping[str, str]) -> LiveRelease:
        """From the parameters of the model."""
        return cls(
            name,
            parameters["release"],
            parameters.get("previous") or None,
            parameters.get("candidate") or None,
            float(parameters.get("canary") or 0),
            float(parameters.get("shadow") or 0),
        )

    def to_dict(self) -> dict[str, Any]:
        """As commands print it for programs, which know the challenger as `candidate`."""
        return {"candidate" if name == "challenger" else name: value for name, value in vars(self).items()}

    @classmethod
    def written(cls, repository: Path, name: str) -> LiveRelease | None:
        """What the name was last pointed at, whether or not that answers; None where it never was.

        Args:
            repository: Triton's model repository.
            name: the recommender.
        """
        path = repository / name / "config.pbtxt"
        parameters = dict(PARAMETER.findall(path.read_text(encoding="utf-8"))) if path.exists() else {}
        return cls.of(name, parameters) if "release" in parameters else None

    def parameters(self) -> dict[str, str]:
        """The same as parameters."""
        found = release_parameters(self.hash, previous=self.previous or "")
        if self.challenger:
            found |= {"candidate": self.challenger, "canary": str(self.canary), "shadow": str(self.shadow)}
        return found

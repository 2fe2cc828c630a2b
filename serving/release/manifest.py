"""What a release says of itself: where it came from, and what its files must be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from serving.release.checksums import FileChecksum

FORMAT = 1


@dataclass(frozen=True)
class DayRange:
    """Days, both ends included, as `YYYY-MM-DD`."""

    first: str
    last: str


@dataclass(frozen=True)
class ReleaseMetadata:
    """Lineage and quality of a release, given by whoever builds it.

    Args:
        data_versions: data version of every asset that the release came from, by asset key.
        code_version: version of the code that built it.
        schema: `Schema.to_dict()` of the prepared features.
        metrics: quality as measured before release; not part of the hash.
        fitted: days that the models were first trained on.
        continued: days over which the same configuration was then continued, where it was.
        judged: days after the fitted ones that its lists were judged by; None where these are the continued ones.
    """

    data_versions: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    fitted: DayRange | None = None
    continued: DayRange | None = None
    judged: DayRange | None = None

    def lineage(self) -> dict[str, Any]:
        """The part that counts for the hash: everything but the measurements."""
        left_out = {"metrics"} if self.judged else {"metrics", "judged"}  # releases of before know no such days
        return {key: value for key, value in asdict(self).items() if key not in left_out}


@dataclass(frozen=True)
class Manifest:
    """`manifest.json` of a release.

    Args:
        name: the recommender.
        hash: content hash of files and lineage.
        created: time of writing, ISO 8601 in UTC; not part of the hash.
        metadata: lineage and quality.
        built_with: what the parts were built with (`workflow`, `retrieval_model`: their hashes); the same
            for all parts.
        files: checksums by relative path.
    """

    name: str
    hash: str
    created: str
    metadata: ReleaseMetadata
    built_with: Mapping[str, str]
    files: Mapping[str, FileChecksum]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files.values())

    def save(self, path: Path) -> None:
        """Writes the manifest as JSON."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: when there is no manifest: the folder is no release.
            ValueError: when the file is damaged or of another format.
        """
        if not path.is_file():
            raise FileNotFoundError(f"{path.parent} is no release: it has no {path.name}.")
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError("it is of another format")
            metadata = dict(data.pop("metadata"))
            for name in ("fitted", "continued", "judged"):
                metadata[name] = DayRange(**metadata[name]) if metadata.get(name) else None
            files = {name: FileChecksum(**file) for name, file in data.pop("files").items()}
            return cls(metadata=ReleaseMetadata(**metadata), files=files, **data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"{path} is damaged or was written by another version of this program ({error}); "
                f"build the release anew."
            ) from error

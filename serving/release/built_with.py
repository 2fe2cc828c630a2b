"""What the parts of a release were built with, so that parts of two releases refuse to work together."""

from __future__ import annotations

import json
from pathlib import Path

from ops_gpu.primitives.atomic_file import write_text

FILE = "lineage.json"


def write_built_with(folder: Path, **hashes: str) -> None:
    """Notes in a part's folder what the part was built with.

    Args:
        folder: the part (`retrieval_model/`, `faiss_index/`, ...).
        hashes: hash of each thing that other parts must agree on; `workflow` (`Workflow.hash()`) and, for
            models, item vectors and indexes, `retrieval_model`.

    Example:
        >>> write_built_with(path, workflow=workflow.hash())
    """
    write_text(folder / FILE, json.dumps(hashes, indent=2, sort_keys=True) + "\n")


def read_built_with(folder: Path) -> dict[str, str]:
    """Reads what `write_built_with` noted; an empty dict for a part that depends on nothing."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        hashes = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): str(value) for key, value in hashes.items()}
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}); rebuild the part {folder.name!r}.") from error


def agreed(parts: Path) -> dict[str, str]:
    """What all parts below a folder agree to have been built with.

    Args:
        parts: a folder with one folder a part.

    Returns:
        Hash by name.

    Raises:
        ValueError: when two parts were built with different ones; names both parts and both hashes.
    """
    owner: dict[str, tuple[str, str]] = {}
    for folder in sorted(path for path in parts.iterdir() if path.is_dir()):
        for what, value in read_built_with(folder).items():
            part, known = owner.setdefault(what, (folder.name, value))
            if known != value:
                raise ValueError(
                    f"The parts {part!r} and {folder.name!r} do not belong together: {part!r} was built with "
                    f"{what} {known[:12]}, {folder.name!r} with {what} {value[:12]}; rebuild the older one."
                )
    return {what: value for what, (_, value) in owner.items()}

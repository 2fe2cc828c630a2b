"""Where a release has what belongs to one of its models."""

from __future__ import annotations

from serving.release.release import Release


def model_part(release: Release, part: str, model: str) -> str:
    """Relative path of the part of a model: its own folder, or the whole of a release that has but one model.

    Args:
        release: opened.
        part: such as `faiss_index`.
        model: its name.

    Example:
        >>> model_part(release, "faiss_index", "ours")  # where it has several: faiss_index/ours
        'faiss_index'
    """
    own = f"{part}/{model}"
    return own if (release.path / own).is_dir() else part

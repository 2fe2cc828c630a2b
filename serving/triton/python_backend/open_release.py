"""The release that a Triton model's configuration names, opened where the server runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from serving.release.release import Release
from serving.release.release_store import ReleaseStore


def release_of_model(parameters: Mapping[str, str]) -> Release:
    """Opens the release of a model, with all its checks; one in an object store is copied first.

    Args:
        parameters: of the model's configuration: `release` (the hash), `release_path` (a folder of this machine, which
            may start where the server works, or `<fsspec address>/<name>/<hash>`), and where given `release_cache`
            (folder of copies) and `feast` (folder of the Feast repositories).

    Raises:
        FileNotFoundError: when there is no such release.
        ValueError: when it is damaged, or another one than the configuration names.
    """
    place, expected = parameters["release_path"], parameters["release"]
    if "://" in place:
        address, name, release_hash = place.rsplit("/", 2)
        release = ReleaseStore(address).download(name, release_hash, Path(parameters["release_cache"]))
    else:
        # The backend's Python takes paths for ASCII: what it says of the folder it works in is made text again.
        path = os.fsencode(Path(place).absolute()).decode("utf-8", "surrogateescape")
        release = Release.open(Path(path))
    if release.hash != expected:
        raise ValueError(f"{place} holds the release {release.hash[:12]}, expected {expected[:12]}; deploy again.")
    release.beside = Path(parameters["feast"]) if parameters.get("feast") else None
    return release

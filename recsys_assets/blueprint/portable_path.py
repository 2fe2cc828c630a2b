"""Paths as a home keeps them: it may be moved with all that lies in it, and so may the folder of a YAML."""

from __future__ import annotations

from pathlib import Path

from ops_gpu.logs import LogPlace

HOME = "${RECSYS_HOME}"


def portable(path: str, place: LogPlace) -> str:
    """A path that begins with the home, or that is relative to the folder of the YAML; others as they are.

    Args:
        path: absolute, or an address.
        place: of the log; its variables say where the home is.
    """
    for beginning, written in ((place.variables.get("RECSYS_HOME"), f"{HOME}/"), (str(place.base), "")):
        if beginning and path.startswith(f"{beginning}/"):
            return written + path[len(beginning) + 1 :]
    return path


def absolute(written: str, place: LogPlace) -> str:
    """The path that `portable` has written, where it leads today."""
    if written.startswith(f"{HOME}/"):
        return place.variables["RECSYS_HOME"] + written[len(HOME) :]
    return written if "://" in written else str(Path(place.base, written))

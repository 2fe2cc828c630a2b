"""What the process environment says: folders of recommenders, and variables in the paths of logs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from resources.home import Home
from resources.spared_imports import spare_imports

RECOMMENDERS = "RECSYS_RECOMMENDERS"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "MLFLOW_DISABLE_TELEMETRY": "true"}
"""Libraries that print or send what nobody asked for; what a user sets wins."""


def recommender_folders() -> tuple[Path, ...]:
    """Folders named by `RECSYS_RECOMMENDERS`, separated by `:` (`;` on Windows), absolute, in this order.

    Each is a folder with a `defs.yaml` or a parent of such folders. Nothing is checked here.
    """
    named = os.environ.get(RECOMMENDERS, "").split(os.pathsep)
    return tuple(Path(name).expanduser().resolve() for name in named if name.strip())


def quiet_libraries() -> None:
    """Makes libraries that are imported later keep to themselves, in this process; the variables go to its children."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    spare_imports()


def path_variables(home: Home) -> Mapping[str, str]:
    """Variables that `${NAME}` in the path of a log may name: the environment, and always `RECSYS_HOME`."""
    return {**os.environ, "RECSYS_HOME": str(home.root)}

"""The Dagster instance of a home: its folder, and the environment of processes that use it."""

from __future__ import annotations

import os
from pathlib import Path

from resources.environment import QUIET as QUIET_LIBRARIES
from resources.home import Home

TEMPLATE = Path(__file__).parent.parent / "recsys_assets" / "dagster.yaml"
QUIET = "ignore:::click.core,ignore:::dagster"


def dagster_environment(home: Home) -> dict[str, str]:
    """The environment with which `dagster` commands keep their runs and events under this home.

    Makes the instance's folder and its `dagster.yaml` where they are missing; an edited file is left alone.
    """
    folder = home.dagster
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dagster.yaml").exists():
        (folder / "dagster.yaml").write_bytes(TEMPLATE.read_bytes())
    return {
        **QUIET_LIBRARIES,
        "PYTHONWARNINGS": QUIET,  # Dagster warns of every parameter that is new; whoever wants it sets this
        **os.environ,
        "RECSYS_HOME": str(home.root),
        "RECSYS_DAGSTER": str(folder),
        "DAGSTER_HOME": str(folder),
    }

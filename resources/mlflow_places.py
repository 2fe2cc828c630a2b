"""Where MLflow's database says that files of runs and releases lie; it knows whole paths alone."""

from __future__ import annotations

import contextlib
import sqlite3

from resources.home import Home

PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def follow_home(home: Home) -> None:
    """Lets the tracking store of a home that was moved, or copied, name the places where it is now.

    Args:
        home: with a tracking store, or none.
    """
    if not home.mlflow_database.exists():
        return
    with contextlib.closing(sqlite3.connect(home.mlflow_database, timeout=60.0)) as database:
        for old in _homes_before(database, home):
            with database:
                for table, column in PLACES:
                    database.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608  # names of our own tables
                        (f"{home.root}/", len(old) + 2, len(old) + 1, f"{old}/"),
                    )


def _homes_before(database: sqlite3.Connection, home: Home) -> set[str]:
    """Folders in which experiments of ours keep their files, other than this home."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= {table for table, _ in PLACES}:  # it is being made, or was by another version of MLflow
        return set()
    below = str(home.mlflow_artifacts.relative_to(home.root))
    found = set()
    for name, place in database.execute("SELECT name, artifact_location FROM experiments"):
        root, found_below, rest = str(place).rpartition(f"/{below}/{name}")
        if found_below and not rest and root != str(home.root):
            found.add(root)
    return found

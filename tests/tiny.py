"""A small generated recommender with a home of its own, driven by the `recsys` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resources.home import Home

NAME = "tiny"
YAML = """type: recsys_assets.Recommender
attributes:
  description: A small world for tests.
  generator: {users: 300, items: 200, days: 24, events: 6000}
  interactions:
    source:
      path: ${RECSYS_HOME}/data/tiny/interactions/*.parquet
    user: user_id
    item: item_id
    time: timestamp
    label: watched >= 0.5
  users:
    source: {path: "${RECSYS_HOME}/data/tiny/users.parquet"}
    id: user_id
    categorical: [country, device]
    only_filters: [country]
  items:
    source: {path: "${RECSYS_HOME}/data/tiny/items.parquet"}
    id: item_id
    title: title
    available: available
    categorical: [studio]
    continuous: [price]
    lists: [genres]
    only_filters: [price]
  retrieval:
    - {model: two_tower, dimension: 16, hidden: [32], epochs: 2, batch_size: 256}
    - {model: item_knn}
  candidates: {two_tower: 40, item_knn: 20, popular: 40, co_occurrence: 40}
  ranking: {moments: 2, lists: 200, list_size: 50, epochs: 2, top: [32], bottom: [16]}
  serving:
    filters:
      - {name: too_dear, item: price, comparison: below, value: 8}
      - {name: genre, item: genres, comparison: excludes, request: genre}
      - {name: studio, item: studio, comparison: differs, user: country, request: studio}
    ordering:
      category_quotas: {column: studio, most: 1}
      boosts:
        - {column: genres, values: {Comedy: 0.3, Horror: -0.2}}
  evaluation: {days: 4}
  quality: {tolerance: 4}
  schedule: {nightly: null, refit: null, served: null}
"""


@dataclass(frozen=True)
class Tiny:
    """The recommender.

    Args:
        home: its home.
        folder: folder of its YAML.
    """

    home: Home
    folder: Path

    @classmethod
    def make(cls, place: Path) -> Tiny:
        """Writes the YAML; nothing is materialized yet."""
        folder = place / NAME
        folder.mkdir(parents=True)
        (folder / "defs.yaml").write_text(YAML)
        return cls(Home.at(place / "home"), folder)

    @property
    def environment(self) -> dict[str, str]:
        """Of processes that work on it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DAGSTER", "RECSYS"))}
        return {**kept, "RECSYS_HOME": str(self.home.root), "RECSYS_RECOMMENDERS": str(self.folder)}

    def recsys(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Runs the command, from a folder that is not the repository."""
        command = [sys.executable, "-c", "from recsys_assets.cli import app; app()", *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def json(self, *arguments: str) -> dict[str, Any]:
        """The JSON object that the command prints as its last line; it must succeed."""
        done = self.recsys(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

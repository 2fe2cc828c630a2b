"""Where everything that the system writes lies."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_MEANING = re.compile(r"[?*\[\]]|%[0-9A-Fa-f]{2}")
"""`?` and escapes such as `%20` in the address of a database; `*`, `?` and brackets in patterns of files."""
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def checked_name(name: str) -> str:
    """Returns the recommender's name if it can be a folder, a Triton model and a Dagster key.

    Args:
        name: letters, digits, `_` and `-`; starts with a letter or digit; at most 100 characters.

    Raises:
        ValueError: for any other name.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise ValueError(
            f"A recommender's name has letters, digits, '_' and '-' (at most 100, the first a letter or "
            f"digit), got {name!r}; rename it in its defs.yaml."
        )
    return name


@dataclass(frozen=True)
class Home:
    """The folder under which all state lies, and the layout inside it.

    Nothing is created by asking for a path; whoever writes creates the parent folders. Two homes share
    nothing, so that two installations on one machine do not disturb each other.

    Args:
        root: the absolute path of the home.

    Example:
        >>> Home.from_environment().triton_models
        PosixPath('.../triton/models')
    """

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by the variable `RECSYS_HOME`, by default `.recsys` in the working directory.

        Raises:
            ValueError: when a file lies there, or where a folder above it should be; or when its path holds what the
                databases and patterns of files below it would take for something else.
        """
        home = cls.at(os.environ.get("RECSYS_HOME") or ".recsys")
        if found := _MEANING.search(str(home.root)):
            raise ValueError(
                f"RECSYS_HOME is {home.root}, expected a path without {found[0]!r}: databases and patterns of files "
                "give that a meaning; give RECSYS_HOME another path, or rename the folder."
            )
        present = next(path for path in (home.root, *home.root.parents) if path.exists())
        if not present.is_dir():
            raise ValueError(
                f"RECSYS_HOME is {home.root}, expected a folder, or one that can be made, but {present} is a file; "
                "give RECSYS_HOME another path, or move the file away."
            )
        return home

    @classmethod
    def at(cls, path: str | Path) -> Home:
        """The home at a path (`~` is expanded, relative ones are made absolute)."""
        return cls(Path(path).expanduser().resolve())

    # --- services -------------------------------------------------------------------------------------
    @property
    def dagster(self) -> Path:
        """`DAGSTER_HOME`: runs, events, schedules."""
        return self.root / "dagster"

    @property
    def mlflow(self) -> Path:
        """Folder of the tracking store."""
        return self.root / "mlflow"

    @property
    def mlflow_database(self) -> Path:
        """SQLite file of the tracking store."""
        return self.mlflow / "mlflow.db"

    @property
    def mlflow_uri(self) -> str:
        """Tracking URI of the SQLite store."""
        return f"sqlite:///{self.mlflow_database}"

    @property
    def mlflow_artifacts(self) -> Path:
        """Folder of the artifacts of runs."""
        return self.mlflow / "artifacts"

    @property
    def triton(self) -> Path:
        """Folder of the embedded Triton server: `server.json`, `server.log`, `models/`, `backends/`."""
        return self.root / "triton"

    @property
    def triton_models(self) -> Path:
        """Model repository of the embedded Triton server."""
        return self.triton / "models"

    @property
    def decision_logs(self) -> Path:
        """Folder of the decision logs, a folder a recommender."""
        return self.root / "decisions"

    # --- one recommender ------------------------------------------------------------------------------
    def data(self, name: str) -> Path:
        """Generated raw data (the demo's)."""
        return self.root / "data" / checked_name(name)

    def decisions(self, name: str) -> Path:
        """Decision log: `day=YYYY-MM-DD/*.parquet`."""
        return self.decision_logs / checked_name(name)

    def feast(self, name: str) -> Path:
        """Feast repository: `feature_store.yaml`, `registry.db`, `online.db`, folders of the offline source."""
        return self.root / "feast" / checked_name(name)

    def feast_online(self, name: str) -> Path:
        """SQLite online store of the recommender."""
        return self.feast(name) / "online.db"

    def recommender(self, name: str) -> Path:
        """Folder of everything that the assets of one recommender write."""
        return self.root / "recommenders" / checked_name(name)

    def interactions_folder(self, name: str) -> Path:
        """Folder of the daily interactions."""
        return self.recommender(name) / "interactions"

    def interactions(self, name: str, day: str | date) -> Path:
        """Interactions of one day (`YYYY-MM-DD`), Parquet."""
        return self.interactions_folder(name) / f"{_day(day)}.parquet"

    def users(self, name: str) -> Path:
        """Users table, Parquet."""
        return self.recommender(name) / "users.parquet"

    def items(self, name: str) -> Path:
        """Items table, Parquet."""
        return self.recommender(name) / "items.parquet"

    def statistics_folder(self, name: str) -> Path:
        """Folder of the daily statistics."""
        return self.recommender(name) / "statistics"

    def statistics(self, name: str, day: str | date) -> Path:
        """Folder of one day's sufficient statistics."""
        return self.statistics_folder(name) / _day(day)

    def item_state_folder(self, name: str) -> Path:
        """Folder of the daily counts of items; those of one setting of half-lives lie in a folder of their own."""
        return self.recommender(name) / "item_state"

    def folds(self, name: str) -> Path:
        """Folder of what stretches of days come to, folded from single days; made anew where it is missing."""
        return self.recommender(name) / "folds"

    def workflow(self, name: str) -> Path:
        """Folder of the fitted workflow."""
        return self.recommender(name) / "workflow"

    def challenger_workflow(self, name: str) -> Path:
        """Folder of the workflow as it was before the days that the next challenger is judged by."""
        return self.recommender(name) / "challenger_workflow"

    def schema(self, name: str) -> Path:
        """Schema of the prepared features, JSON."""
        return self.recommender(name) / "schema.json"

    def features_folder(self, name: str) -> Path:
        """Folder of the daily training rows."""
        return self.recommender(name) / "features"

    def features(self, name: str, day: str | date) -> Path:
        """Training rows of one day, Parquet."""
        return self.features_folder(name) / f"{_day(day)}.parquet"

    def training_lists(self, name: str) -> Path:
        """Folder of the ranker's training lists, a file a moment."""
        return self.recommender(name) / "training_lists"

    def retrieval_model(self, name: str) -> Path:
        """Folder of the two towers."""
        return self.recommender(name) / "retrieval_model"

    def item_embeddings(self, name: str) -> Path:
        """Folder of the item tower's vectors."""
        return self.recommender(name) / "item_embeddings"

    def faiss_index(self, name: str) -> Path:
        """Folder of the index over the item vectors."""
        return self.recommender(name) / "faiss_index"

    def ranking_model(self, name: str) -> Path:
        """Folder of the ranker."""
        return self.recommender(name) / "ranking_model"

    def evaluation(self, name: str) -> Path:
        """Folder of the evaluation."""
        return self.recommender(name) / "evaluation"

    def evaluation_report(self, name: str) -> Path:
        """Report of the evaluation, JSON."""
        return self.evaluation(name) / "report.json"

    def served_folder(self, name: str) -> Path:
        """Folder of the decisions that are kept, a file a day."""
        return self.recommender(name) / "served_requests"

    def served(self, name: str, day: str | date) -> Path:
        """Decisions of one day, Parquet."""
        return self.served_folder(name) / f"{_day(day)}.parquet"

    # --- releases -------------------------------------------------------------------------------------
    @property
    def releases(self) -> Path:
        """Folder of the releases, a folder a recommender, with `verdicts.json`: what was decided of them."""
        return self.root / "releases"

    def release(self, name: str, release_hash: str) -> Path:
        """Folder of one release."""
        return self.releases / checked_name(name) / checked_name(release_hash)


def _day(day: str | date) -> str:
    """`YYYY-MM-DD`, checked, because it becomes a file name."""
    return (day if isinstance(day, date) else date.fromisoformat(day)).strftime("%Y-%m-%d")

"""Tracking: what was trained with which settings, how well, and which release is live."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from resources.environment import quiet_libraries
from resources.home import Home
from resources.mlflow_places import follow_home

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
CHALLENGER = "challenger"
RELEASE = "release"
GONE = "files_gone"


class MlflowResource(dg.ConfigurableResource[Any]):
    """Runs and registered versions in MLflow; a recommender is one experiment and one registered model.

    One registered version is one release (tag `release`: its hash). The alias `challenger` is the newest
    release, whether it is live, waits or was rolled back; `champion` is the one that applications are answered from,
    also while another one is being tried beside it. A version stays when the files of its release are removed, with the
    tag `files_gone`: the day on which that was found.

    Args:
        tracking_uri: where runs and versions are kept; by default SQLite under the recommenders' home.
        artifacts: folder (or URI) of the runs' files; by default under the home too.

    Example:
        >>> MlflowResource().champion("demo") is None  # else the hash of what is live
        True
    """

    tracking_uri: str | None = None
    artifacts: str | None = None

    def track(
        self,
        name: str,
        kind: str,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        curves: Mapping[str, Sequence[float]] | None = None,
    ) -> str:
        """Writes one finished run, and returns its id.

        Args:
            name: the recommender.
            kind: what ran, such as `retrieval_model`; becomes the run's name and tag.
            parameters: settings by dotted name; values are written as text.
            metrics: final values; `@` in a name becomes `_at_`, which MLflow allows.
            curves: values by epoch, one list a metric.
        """
        from mlflow.entities import Metric, Param

        client, now = self._client(), int(time.time() * 1000)
        run = client.create_run(self._experiment(client, name), run_name=kind).info.run_id
        values = [Metric(_allowed(key), float(value), now, 0) for key, value in metrics.items()]
        for key, curve in (curves or {}).items():
            name = f"epoch_{_allowed(key)}"
            values += [Metric(name, float(value), now, step) for step, value in enumerate(curve, 1)]
        texts = [Param(_allowed(key), str(value)[:6000]) for key, value in parameters.items()]
        for first in range(0, max(len(values), 10 * len(texts)), 1000):  # the store's limits for one batch
            part = texts[first // 10 : first // 10 + 100]
            client.log_batch(run, metrics=values[first : first + 1000], params=part)
        client.set_tag(run, "kind", kind)
        client.set_terminated(run)
        return str(run)

    def register(self, name: str, release: str, folder: Path, run: str | None, tags: Mapping[str, str]) -> str:
        """Makes the release a registered version with the alias `challenger`, and returns the version.

        Args:
            name: the recommender.
            release: the release's hash; a hash that is registered already keeps its version.
            folder: the release directory.
            run: id of the run that evaluated it.
            tags: what else to note on the version, such as the days it was trained on.
        """
        client = self._client()
        if not client.search_registered_models(f"name = '{name}'"):
            client.create_registered_model(name, description=f"Releases of the recommender {name!r}.")
        version = self._version(client, name, release)
        if version is None:
            notes = {**tags, RELEASE: release}
            version = client.create_model_version(name, source=str(folder), run_id=run, tags=notes)
        elif GONE in version.tags:
            client.delete_model_version_tag(name, version.version, GONE)
        client.set_registered_model_alias(name, CHALLENGER, version.version)
        return str(version.version)

    def promote(self, name: str, release: str) -> str:
        """Gives the release the alias `champion`, and returns its version.

        Raises:
            LookupError: when the release was never registered.
        """
        client = self._client()
        version = self._version(client, name, release)
        if version is None:
            raise LookupError(
                f"Release {release!r} of {name!r} is not registered in MLflow ({self._uri()}); materialize "
                f"the asset {name}/release again, which registers it."
            )
        client.set_registered_model_alias(name, CHAMPION, version.version)
        return str(version.version)

    def champion(self, name: str) -> str | None:
        """Hash of the release with the alias `champion`, or None before the first deployment."""
        if not self._has_store():
            return None
        client = self._client()
        found = client.search_registered_models(f"name = '{name}'")
        number = found[0].aliases.get(CHAMPION) if found else None
        return None if number is None else str(client.get_model_version(name, number).tags[RELEASE])

    def note_gone(self, name: str, is_gone: Callable[[str, str], bool]) -> list[str]:
        """Marks the versions whose releases have no files any more, and returns their hashes.

        Args:
            name: the recommender.
            is_gone: whether they have none, from the hash and from where they lay.
        """
        if not self._has_store():
            return []
        client, today, marked, token = self._client(), datetime.now(UTC).date(), [], None
        while True:
            page = client.search_model_versions(f"name = '{name}'", max_results=1000, page_token=token)
            for version in page:
                release = version.tags.get(RELEASE)
                if release is not None and GONE not in version.tags and is_gone(release, str(version.source)):
                    client.set_model_version_tag(name, version.version, GONE, str(today))
                    marked.append(str(release))
            token = page.token
            if not token:
                return marked

    def _has_store(self) -> bool:
        """Whether there is a store to ask; ours is made when something is first written."""
        return self.tracking_uri is not None or Home.from_environment().mlflow_database.exists()

    def _uri(self) -> str:
        return self.tracking_uri or Home.from_environment().mlflow_uri

    def _client(self) -> MlflowClient:
        """A client; the store's tables are made on first use (about 5 s)."""
        quiet_libraries()
        from mlflow import MlflowClient

        for name in ("alembic", "mlflow.store.db.utils"):
            logging.getLogger(name).setLevel(logging.WARNING)
        home = Home.from_environment()
        home.mlflow.mkdir(parents=True, exist_ok=True)
        if self.tracking_uri is None:
            follow_home(home)
        return MlflowClient(tracking_uri=self._uri())

    def _experiment(self, client: MlflowClient, name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        artifacts = self.artifacts or str(Home.from_environment().mlflow_artifacts)
        return str(client.create_experiment(name, artifact_location=f"{artifacts}/{name}"))

    def _version(self, client: MlflowClient, name: str, release: str) -> ModelVersion | None:
        found = client.search_model_versions(f"name = '{name}' and tags.`{RELEASE}` = '{release}'")
        return found[0] if found else None


def _allowed(name: str) -> str:
    """A name that MLflow takes."""
    return re.sub(r"[^\w.:/ -]", "_", name.replace("@", "_at_"))

"""What a Feast repository is configured with, written as its `feature_store.yaml`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

from feature_repo.pushed_events import only_writer
from ops_gpu.primitives.atomic_file import write_text

FILE = "feature_store.yaml"
SQLITE_FILE = "online.db"
PLACE = "place"
"""Where the folder was when it was last written; only to know a copy by."""
_PROJECT = re.compile(r"^project: (\w+)$", re.MULTILINE)
_LIMITS = {"socket_timeout": "1", "socket_connect_timeout": "1", "retry": "null"}


@dataclass(frozen=True)
class StoreSettings:
    """Where online features live, and how long they hold.

    Args:
        online_store: `sqlite` (a file beside the registry) or `redis`.
        connection_string: of Redis, as Feast takes it: `host:port,db=0,password=...`; `${NAME}` in it is
            replaced by Feast when it opens the store, so that a password need not be written down.
        ttl: how long a row holds after its event time, online and offline; zero for ever.
        keep: how long versions of rows that have been replaced stay in the offline source; the first write after twice
            as long and a day drops them in any case.

    Raises:
        ValueError: when Redis has no connection string.
    """

    online_store: Literal["sqlite", "redis"] = "sqlite"
    connection_string: str = ""
    ttl: timedelta = timedelta(0)
    keep: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        if self.online_store == "redis" and not self.connection_string:
            raise ValueError("online_store redis has no connection_string; give one such as localhost:6379,db=0.")

    def online(self) -> dict[str, str | bool]:
        """The section `online_store` of the configuration."""
        if self.online_store == "redis":
            # We are the only writer, and a correction of the same moment must not be ignored.
            return {"type": "redis", "connection_string": self._impatient(), "skip_dedup": True}
        return {"type": "sqlite", "path": SQLITE_FILE}

    def _impatient(self) -> str:
        """The connection string, with limits on waiting where it sets none.

        By default redis-py tries for six seconds; a request that waits so long helps nobody.
        """
        given = {part.split("=", 1)[0].strip() for part in self.connection_string.split(",") if "=" in part}
        limits = [f"{name}={value}" for name, value in _LIMITS.items() if name not in given]
        return ",".join([self.connection_string, *limits])

    def write(self, folder: Path, name: str) -> Path:
        """Writes `feature_store.yaml` into a folder where it is not there already or says something else.

        Args:
            folder: the Feast repository; made if it is missing.
            name: the recommender. The project is named after it, and by a number that is drawn when the folder is made
                and stays with it, wherever it is moved: two homes that share one Redis have different projects. A copy
                of a folder whose store is Redis gets a project of its own; one of SQLite has taken its rows along.

        Returns:
            The path of the file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if self._others(folder, name):
            with only_writer(folder):  # two that begin at once would draw two numbers
                for file, text in self._others(folder, name).items():
                    write_text(folder / file, text)
        return folder / FILE

    def _others(self, folder: Path, name: str) -> dict[str, str]:
        """The files that are not there, or say something else, with their texts."""
        template = Path(__file__).with_name(FILE).read_text(encoding="utf-8")
        # JSON is YAML, and quotes whatever a connection string may hold.
        text = template.replace("{project}", self._project(name, folder))
        wanted = {FILE: text.replace("{online_store}", json.dumps(self.online())), PLACE: str(folder.resolve())}
        found = {file: (folder / file).read_text(encoding="utf-8") for file in wanted if (folder / file).exists()}
        return {file: text for file, text in wanted.items() if found.get(file) != text}

    def _project(self, name: str, folder: Path) -> str:
        given = project_of(folder)
        mine = given is not None and given.rpartition("_")[0] == _letters(name)
        if given is None or not mine or (self.online_store != "sqlite" and _is_copy(folder, given)):
            return f"{_letters(name)}_{uuid4().hex[:8]}"
        return given


def project_of(folder: Path) -> str | None:
    """The Feast project of a folder, letters, digits and underscores; None where it has none yet."""
    path = folder / FILE
    found = _PROJECT.search(path.read_text(encoding="utf-8")) if path.exists() else None
    return found and found[1]


def _is_copy(folder: Path, project: str) -> bool:
    """Whether the folder in which a project was last written is another one, and still there."""
    note = folder / PLACE
    origin = Path(note.read_text(encoding="utf-8")) if note.exists() else folder
    return project_of(origin) == project and not origin.samefile(folder)


def _letters(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)

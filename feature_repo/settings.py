"""What a Feast repository is configured with, written as its `feature_store.yaml`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

FILE = "feature_store.yaml"
SQLITE_FILE = "online.db"
_LIMITS = {"socket_timeout": "1", "socket_connect_timeout": "1", "retry": "null"}


@dataclass(frozen=True)
class StoreSettings:
    """Where online features live, and how long they hold.

    Args:
        online_store: `sqlite` (a file beside the registry) or `redis`.
        connection_string: of Redis, as Feast takes it: `host:port,db=0,password=...`; `${NAME}` in it is
            replaced by Feast when it opens the store, so that a password need not be written down.
        ttl: how long a row holds after its event time, online and offline; zero for ever.
        keep: how long versions of rows that have been replaced stay in the offline source.

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
            name: the recommender. The project is named after it and after the folder: two homes that share
                one Redis have different projects.

        Returns:
            The path of the file.
        """
        folder.mkdir(parents=True, exist_ok=True)
        template = Path(__file__).with_name(FILE).read_text(encoding="utf-8")
        text = template.replace("{project}", project_name(name, folder))
        # JSON is YAML, and quotes whatever a connection string may hold.
        text = text.replace("{online_store}", json.dumps(self.online()))
        path = folder / FILE
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            aside = folder / f".{FILE}.{uuid4().hex}"
            aside.write_text(text, encoding="utf-8")
            aside.replace(path)
        return path


def project_name(name: str, folder: Path) -> str:
    """The Feast project of a recommender in a folder: letters, digits and underscores."""
    place = hashlib.sha256(f"{name}\0{folder.resolve()}".encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]', '_', name)}_{place}"

"""A home is for its owner alone: what is written from now on, and what was written before."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from resources.home import Home

OTHERS = 0o077
OURS = frozenset(
    {"dagster", "data", "decisions", "feast", "mlflow", "recommenders", "releases", "resources.yaml", "triton"}
)
"""All that lies in a home."""
SHARED = ("releases", "feast", "decisions")
"""What a server of one's own reads and writes, perhaps as another user."""


def keep_private(home: Home) -> None:
    """Takes the rights of other users on a home away, and on all that this process and its children write from now on.

    What was written before, open to others, is closed as a whole; what lies in the same folder and is none of ours is
    left alone, and so is then that folder. Where a Triton server of one's own is configured, it may run as another
    user, and read releases and features: then the folders for that are left as they are, others may pass through the
    home to them, and files get the rights that the umask gives.

    Args:
        home: may not be there yet.
    """
    shared = _is_shared(home)
    if shared is None:  # nobody knows; whoever reads the settings says what is wrong with them
        return
    if not shared:
        os.umask(os.umask(OTHERS) | OTHERS)
    names = {path.name for path in home.root.iterdir()} if home.root.is_dir() else set()
    for name in names & OURS:
        if not (shared and name in SHARED):
            _close(home.root / name)
    if names and names <= OURS:
        _take(home.root, OTHERS & ~0o011 if shared else OTHERS)


def _is_shared(home: Home) -> bool | None:
    """Whether a server of one's own is configured; None where the settings cannot be read."""
    path = home.root / "resources.yaml"
    if not path.exists():
        return False
    import yaml

    try:
        settings: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return bool((settings.get("triton") or {}).get("address"))
    except (OSError, ValueError, yaml.YAMLError, AttributeError):
        return None


def _close(path: Path) -> None:
    """Closes a folder with all that lies in it; into one that is closed nobody gets, so that it is done but once."""
    if path.is_dir() and not path.is_symlink() and _mode(path) & OTHERS:
        for folder, folders, files in os.walk(path):  # links are not followed
            for name in (*folders, *files):
                _take(Path(folder, name), OTHERS)
    _take(path, OTHERS)  # last: where this was interrupted, the next command does it again


def _take(path: Path, rights: int) -> None:
    with contextlib.suppress(OSError):  # another one's, or gone meanwhile
        mode = _mode(path)
        if mode & rights and not path.is_symlink():
            path.chmod(mode & ~rights)


def _mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777

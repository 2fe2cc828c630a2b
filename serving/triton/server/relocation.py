"""Following a home that was moved or copied, where its models name places below it by absolute paths."""

from __future__ import annotations

import re
from pathlib import Path

from ops_gpu.primitives.atomic_file import write_text
from serving.triton.repository.live_release import PARAMETER
from serving.triton.repository.names import CONFIG

HOME = ".."
"""The home, from the folder in which its server works."""
_PLACE = re.compile(
    r'(key: "(?:release_path|log_folder)" value \{ string_value: )"(?:[^"\\]|\\.)*/((?:releases|decisions)/[^"]+)"'
)
_URL = re.compile(r'(key: "url" value \{ string_value: )"[^"]*"')
"""By which a router reached the server, when it still noted a port."""


def follow_home(repository: Path) -> None:
    """Lets the models of an embedded server look into the present home, where that has their release.

    What versions before this one wrote names releases and decision logs by absolute paths, which lead to another home
    once this one was moved or copied. The texts become those that a deployment writes today, which hold wherever the
    home lies. No server may look at the repository meanwhile.

    Args:
        repository: `<home>/triton/models`.
    """
    home = repository.parents[1]
    for path in repository.glob(f"*/{CONFIG}"):
        text = path.read_text(encoding="utf-8")
        release = dict(PARAMETER.findall(text)).get("release", "")
        name = path.parent.name.partition(".")[0]
        if path.parent.is_symlink() or not release or not (home / "releases" / name / release).is_dir():
            continue
        moved = _URL.sub(r'\1""', _PLACE.sub(rf'\1"{HOME}/\2"', text))
        if moved != text:
            write_text(path, moved)

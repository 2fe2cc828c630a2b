"""Following a home that was moved or copied: its models name places below it by absolute paths."""

from __future__ import annotations

import json
import re
from pathlib import Path

from serving.triton.names import CONFIG

_RELEASE = re.compile(r'key: "release_path" value \{ string_value: "((?:[^"\\]|\\.)*)/releases/([^/"]+/[^/"]+)" \}')


def follow_home(repository: Path) -> None:
    """Lets the models of an embedded server look into the present home, where that has their release.

    What was written in another home, before this one was moved or copied, names releases and decision logs there.
    The texts become those that a deployment in this home would write. No server may look at the repository meanwhile.

    Args:
        repository: `<home>/triton/models`.
    """
    home = repository.parents[1]
    for path in repository.glob(f"*/{CONFIG}"):
        text = path.read_text(encoding="utf-8")
        found = _RELEASE.search(text)
        if found is None or path.parent.is_symlink() or not (home / "releases" / found[2]).is_dir():
            continue
        moved = text.replace(f'string_value: "{found[1]}/', f'string_value: "{_quoted(home)}/')
        if moved != text:
            aside = path.with_name(f".{CONFIG}")
            aside.write_text(moved, encoding="utf-8")
            aside.replace(path)


def _quoted(home: Path) -> str:
    """As `config_text` writes it."""
    return json.dumps(str(home), ensure_ascii=False)[1:-1]

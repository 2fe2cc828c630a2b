from __future__ import annotations

from pathlib import Path

import pytest

from recsys_assets.component.yaml_lines import line_of

TEXT = """type: x
attributes:
  users:
    id: u
    lists:
      - a
      - b
  flow: {one: 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "defs.yaml"
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["type"], 1),
        (["attributes", "users", "id"], 4),
        (["attributes", "users", "lists", "1"], 7),
        (["attributes", "flow", "one"], 8),
        (["attributes", "users", "none", "id"], 4),
        (["attributes", "users", "lists", "9"], 6),
        (["none"], None),
        ([], None),
    ],
)
def test_the_line_of_the_last_key_that_is_there(file: Path, keys: list[str], line: int | None) -> None:
    assert line_of(file, keys) == line


def test_no_line_without_a_file_or_in_what_is_no_yaml(tmp_path: Path) -> None:
    assert line_of(tmp_path / "none.yaml", ["type"]) is None
    for text in ("", "a: [", "- a", "\ttype: x"):
        (tmp_path / "defs.yaml").write_text(text)
        assert line_of(tmp_path / "defs.yaml", ["type"]) is None

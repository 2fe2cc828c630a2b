"""Code samples of the README and of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>.*)\n(?P<code>(?:.*\n)*?)(?P=indent)```$", re.MULTILINE)
COMPILED_ONLY = "<!-- compiled only: "
"""Stands before a sample that needs more than tests have; it says what."""


@dataclass(frozen=True)
class Sample:
    """A fenced block.

    Args:
        page: the file that it stands in.
        line: of its first line.
        language: `python`, `sh`, `yaml`, ...; empty where none is named.
        file: the name that the page gives it, if any.
        code: its text.
        compiled_only: whether it cannot be run here.
    """

    page: Path
    line: int
    language: str
    file: str | None
    code: str
    compiled_only: bool

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def samples(page: Path, *languages: str) -> list[Sample]:
    """The samples of a page in these languages, in their order."""
    return [sample for sample in _all(page) if sample.language in languages]


def pages_with(*languages: str) -> list[Path]:
    """Pages that have a sample in one of these languages."""
    return [page for page in PAGES if samples(page, *languages)]


def _all(page: Path) -> Iterator[Sample]:
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        language, _, more = match["info"].partition(" ")
        title = re.search(r'title="([^"]+)"', more)
        before = text[: match.start()].rstrip().rpartition("\n")[2]
        yield Sample(
            page,
            text.count("\n", 0, match.start()) + 2,
            language,
            title[1] if title else None,
            dedent(match["code"]),
            before.startswith(COMPILED_ONLY),
        )

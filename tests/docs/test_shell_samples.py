"""Commands of the README and of the pages are there, with their options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from reference_pages.commands_page import commands
from typer.exceptions import TyperException

from tests.docs.samples import PAGES, ROOT, samples

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
QUOTED = re.compile(r"`((?:recsys|make|python benchmarks/)[^`\n]*(?:\n[^`\n]+)?)`")


def lines(page: Path) -> Iterator[str]:
    """Command lines in samples of the shell, without comments."""
    for sample in samples(page, "sh"):
        for line in sample.code.replace("\\\n", " ").splitlines():
            if words := shlex.split(line, comments=True):
                yield shlex.join(words)


def check(line: str, whole: bool = True) -> None:
    """Refuses what cannot be called.

    Args:
        line: a command with its arguments.
        whole: whether all that it needs must be given, as in samples; what is named in a sentence may be less.
    """
    words = shlex.split(line)
    program = words[0].removeprefix(".venv/bin/")
    if program == "recsys" and len(words) > 1:
        command = commands().get(words[1])
        assert command is not None, f"there is no `recsys {words[1]}`"
        if whole:
            command.make_context(words[1], words[2:])
            return
        known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words[2:] if re.fullmatch(r"--?[a-z-]+", word)} <= known, line
    elif program == "make":
        assert {word for word in words[1:] if "=" not in word and word != "..."} <= TARGETS, line
    elif program == "python":
        assert (ROOT / words[1]).is_file(), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_can_be_called(page: Path) -> None:
    for line in lines(page):
        check(line)
    for match in QUOTED.finditer(page.read_text(encoding="utf-8")):
        check(" ".join(match[1].split()), whole=False)


def test_there_are_many() -> None:
    assert sum(1 for page in PAGES for line in lines(page) if "recsys " in line) > 30


@pytest.mark.parametrize(
    "line", ["recsys materialise demo", "recsys trace demo", "make demos", "python benchmarks/x.py"]
)
def test_what_is_not_there_is_seen(line: str) -> None:
    with pytest.raises((AssertionError, TyperException)):
        check(line)


def test_an_option_that_is_not_there_is_seen() -> None:
    with pytest.raises(AssertionError):
        check("recsys gc --dry", whole=False)

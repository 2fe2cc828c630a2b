"""Python of the README and of the pages runs; what needs a whole recommender compiles, and its imports are there."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.docs.samples import PAGES, ROOT, Sample, pages_with, samples
from tests.docs.world import World


@pytest.mark.parametrize("page", pages_with("python"), ids=lambda page: str(page.relative_to(ROOT)))
def test_samples_of_a_page_run_one_after_the_other(page: Path, world: World) -> None:
    names: dict[str, Any] = {"__name__": "sample"}
    for sample in samples(page, "python"):
        run(sample, names, world)


def run(sample: Sample, names: dict[str, Any], world: World) -> None:
    """Runs a sample in a page's names; an error is told with the place of the sample."""
    code = compile("\n" * (sample.line - 1) + sample.code, str(sample.page), "exec", dont_inherit=True)
    if sample.compiled_only:
        exec(compile(ast.Module(imports(sample.code), []), str(sample.page), "exec"), names)
        return
    names |= world.names_for(code, names)
    exec(code, names)


def imports(code: str) -> list[ast.stmt]:
    """The import statements of a sample."""
    return [node for node in ast.parse(code).body if isinstance(node, (ast.Import, ast.ImportFrom))]


def test_few_samples_are_not_run() -> None:
    every = [sample for page in PAGES for sample in samples(page, "python")]
    assert len(every) > 10
    assert [sample.page.name for sample in every if sample.compiled_only] == ["tiered_store.md", "triton.md"]


def test_a_sample_that_fails_is_told_with_its_place(world: World) -> None:
    sample = Sample(PAGES[0], 7, "python", None, "1 / 0", False)
    with pytest.raises(ZeroDivisionError) as caught:
        run(sample, {}, world)
    assert caught.traceback[-1].lineno == 6


def test_an_import_that_is_not_there_fails_where_nothing_is_run(world: World) -> None:
    sample = Sample(PAGES[0], 1, "python", None, "from serving import Nothing\nraise SystemExit", True)
    with pytest.raises(ImportError):
        run(sample, {}, world)

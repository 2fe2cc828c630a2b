"""The site is built from the repository alone, and what is built loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.samples import PAGES, ROOT

LOADING = re.compile(
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc="(?:https?:)?//|"""
    r"""<link\b[^>]*\brel="(?:stylesheet|preconnect|preload|icon|modulepreload)"[^>]*\bhref="(?:https?:)?//|"""
    r"""<link\b[^>]*\bhref="(?:https?:)?//[^>]*\brel="(?:stylesheet|preconnect|preload|icon|modulepreload)"|"""
    r"""@import\s+(?:url\()?["']?(?:https?:)?//|url\(["']?(?:https?:)?//"""
)
"""What makes a browser ask another server without being told to."""
NO_NETWORK = {f"{name}_proxy": "http://127.0.0.1:9" for name in ("http", "https", "all")}
MADE = ("settings", "resources", "commands", "home", "feature_operators", "serving_operators", "python")
"""Pages that no file holds."""
MOST_LINES = 150
"""Of the README."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, **NO_NETWORK, "NO_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for path in [*pages, *site.rglob("*.css")]:
        assert not LOADING.search(path.read_text(encoding="utf-8")), path
    for name in MADE:
        assert (site / "reference" / f"{name}.html").stat().st_size > 20_000
    assert not (site / "gen").exists()


def test_entries_of_classes_are_filled_in(site: Path) -> None:
    page = (site / "reference" / "feature_operators.html").read_text(encoding="utf-8")
    assert 'id="ops_gpu.operators.categorical.categorify.Categorify"' in page
    assert "freq_threshold" in page and "&gt;&gt;&gt;" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize(
    "text",
    [
        '<script async src="https://cdn.example/x.js">',
        '<link href="//fonts.example/a.css" rel="stylesheet">',
        '<img alt="" src="http://pictures.example/p.png">',
        "@import 'https://fonts.example/a.css'",
    ],
)
def test_what_loads_from_elsewhere_is_seen(text: str) -> None:
    assert LOADING.search(text)


@pytest.mark.parametrize("text", ['<a href="https://example.org">', '<script src="assets/x.js">'])
def test_a_link_is_nothing_that_loads(text: str) -> None:
    assert not LOADING.search(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    reference = ROOT / "docs" / "reference"
    folder = reference if page.parent.name == "introductions" else page.parent
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        target = (folder / link).resolve()
        generated = target.parent == reference and target.stem in MADE
        assert "://" in link or target.exists() or generated, link


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= MOST_LINES

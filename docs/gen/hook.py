"""Adds the pages of the reference that are made from the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from reference_pages.classes_page import classes_page
from reference_pages.commands_page import commands_page
from reference_pages.home_page import home_page
from reference_pages.settings_page import resources_page, settings_page

INTRODUCTIONS = Path(__file__).parent / "introductions"


def _classes(name: str, title: str, *faces: str) -> str:
    return classes_page(title, (INTRODUCTIONS / f"{name}.md").read_text(encoding="utf-8"), faces)


PAGES: Mapping[str, Callable[[], str]] = {
    "settings": settings_page,
    "resources": resources_page,
    "commands": commands_page,
    "home": lambda: home_page((INTRODUCTIONS / "home.md").read_text(encoding="utf-8")),
    "feature_operators": lambda: _classes("feature_operators", "Feature operators", "ops_gpu.operators"),
    "serving_operators": lambda: _classes("serving_operators", "Serving operators", "serving.operators"),
    "python": lambda: _classes("python", "Python", "ops_gpu", "ops_gpu.models", "ops_gpu.evaluation", "serving"),
}
"""What stands on a page of the reference, by its name."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by MkDocs when it has found the pages that lie in files."""
    for name, page in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=page()))
    return files

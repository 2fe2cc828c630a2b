"""What a run will read and make, in sentences, before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops_gpu.logs.files.listing import list_files
from recsys_assets.blueprint.blueprint import Blueprint

if TYPE_CHECKING:
    from ops_gpu.logs.files.source import LogSource


def reading_plan(blueprint: Blueprint, refit: bool) -> list[str]:
    """What is read, what is made of it, and how.

    Args:
        blueprint: the recommender.
        refit: whether everything is fitted anew.

    Raises:
        LogError: when a source has no file at all.
    """
    settings = blueprint.settings
    sources = [("interactions", settings.interactions.source)]
    sources += [(k, t.source) for k, t in (("users", settings.users), ("items", settings.items)) if t and t.source]
    first, last = blueprint.span()
    days = (last - first).days + 1
    if settings.generator is not None:
        read = f"generates {settings.generator.events:,} events of {settings.generator.users:,} users, and reads them"
    else:
        read = "reads " + ", ".join(_files(kind, source, blueprint) for kind, source in sources)
    anew = "fits everything anew" if refit else "goes on with what is fitted"
    return [f"{read}, {days} day{'s' * (days != 1)}", f"{anew}; {len(blueprint.chain)} assets, up to the live release"]


def _files(kind: str, source: LogSource, blueprint: Blueprint) -> str:
    files = list_files(source, blueprint.place)
    size = sum(file.size or 0 for file in files)
    return f"{len(files)} file{'s' * (len(files) != 1)} of {kind} ({size / 2**20:,.1f} MB)"

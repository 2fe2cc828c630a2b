"""What the tutorial writes is a recommender whose YAML is read, over data that are there, with a graph that works."""

from __future__ import annotations

import yaml

from recsys_assets.component.graph_trial import require_workable
from recsys_assets.component.locations import blueprints
from recsys_assets.tables.raw_tables import raw_tables
from resources.home import Home
from tests.docs.samples import ROOT, Sample, samples
from tests.docs.world import World

PAGE = ROOT / "docs" / "tutorial" / "day.md"


def written(world: World, sample: Sample) -> None:
    """Writes a sample into the file that it is named after."""
    assert sample.file is not None
    path = world.folder / sample.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sample.code)


def test_the_day_begins(world: World) -> None:
    data, *_ = samples(PAGE, "python")
    exec(compile(data.code, str(PAGE), "exec"), {})
    for sample in samples(PAGE, "python", "yaml"):
        if sample.file:
            written(world, sample)
    path = world.folder / "films" / "defs.yaml"
    whole = yaml.safe_load(path.read_text())
    for sample in samples(PAGE, "yaml"):
        if not sample.file:  # what is changed in the course of the day
            whole["attributes"] |= yaml.safe_load(sample.code)
    path.write_text(yaml.safe_dump(whole, sort_keys=False))
    (blueprint,) = blueprints(path.parent, Home.from_environment())
    assert blueprint.name == "films" and len(blueprint.settings.retrieval) == 2
    assert blueprint.settings.workflow == "features.build"
    require_workable(blueprint)
    interactions, users, items = raw_tables(blueprint, *blueprint.span(), before=None)
    assert interactions.height > 50_000 and users.height > 1_000 and items.height > 500

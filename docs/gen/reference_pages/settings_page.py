"""The pages of all that a `defs.yaml` and a `resources.yaml` can say."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_assets.settings.model_settings import FAMILIES, candidate_settings
from recsys_assets.settings.recommender_settings import RecommenderSettings
from reference_pages.setting import OWN, Setting, settings, summary
from reference_pages.table import table
from resources.configured import Resources

HEADER = ("key", "what", "default", "meaning")
BEGINNING = (
    "`type: recsys_assets.Recommender`, and below `attributes` the keys of this page. Only `interactions` must be "
    "given; unknown keys are refused at any depth."
)


def settings_page() -> str:
    """Every section of a recommender's YAML."""
    lines = [
        "# The YAML of a recommender",
        BEGINNING,
        _table(settings(RecommenderSettings)),
    ]
    for setting in settings(RecommenderSettings):
        lines += _section(setting)
    return "\n\n".join(lines) + "\n"


def resources_page() -> str:
    """Every section of an installation's `resources.yaml`."""
    lines = [
        "# The YAML of an installation",
        "`resources.yaml` in the [home](home.md): a section a resource, each with its defaults where it is left out.",
    ]
    for setting in settings(Resources):
        (resource,) = setting.sections
        lines += [f"## {setting.name}", summary(resource), _table(settings(resource))]
    return "\n\n".join(lines) + "\n"


def _section(setting: Setting) -> Iterator[str]:
    """A section of the YAML, with those below it."""
    if setting.name in FAMILIES:
        yield from _families(setting)
        return
    kinds = (candidate_settings(),) if setting.name == "candidates" else setting.sections
    if kinds:
        yield f"## {setting.name}"
        yield setting.meaning
    for kind in kinds:
        yield _table(settings(kind))
        yield from _below(kind, setting.name)


def _families(setting: Setting) -> Iterator[str]:
    """One table a family of models, whatever is registered."""
    families, default = FAMILIES[setting.name]
    yield f"## {setting.name}"
    yield f"{setting.meaning} Where no `model` is named, `{default}` is meant."
    if setting.name == "retrieval":
        yield (
            "One mapping, or a list of them: every model is a source of candidates under its own name, and how many "
            "it brings stands under [candidates](#candidates)."
        )
    for name, family in families.items():
        config = family.config_class()
        yield f"### {setting.name}: {name}"
        yield summary(config)
        yield _table(settings(config))


def _below(kind: type, path: str) -> Iterator[str]:
    for setting in settings(kind):
        for inner in setting.sections:
            place = f"{path}.{setting.name}"
            yield f"### {place}"
            yield summary(inner)
            yield _table(settings(inner))
            yield from _below(inner, place)


def _table(found: list[Setting]) -> str:
    return table(HEADER, [(f"`{one.name}`", one.kind, _default(one), one.meaning) for one in found])


def _default(setting: Setting) -> str:
    if setting.default is None:
        return "must be given"
    return OWN if setting.default == OWN else f"`{setting.default}`"

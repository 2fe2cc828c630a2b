"""The sections `retrieval`, `candidates` and `ranking`: which models there are decides which settings they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    create_model,
)
from pydantic.functional_serializers import PlainSerializer
from pydantic.functional_validators import WrapValidator

from ops_gpu.candidates.candidate_config import STATE_SOURCES, CandidateConfig, default_size
from ops_gpu.interactions.item_state_config import ItemStateConfig
from ops_gpu.models.model_config import RankerConfig, RetrieverConfig
from ops_gpu.models.registry import (
    DEFAULT_RANKER,
    DEFAULT_RETRIEVER,
    RANKERS,
    RETRIEVERS,
    Family,
    ranker_name,
    retriever_name,
)
from ops_gpu.primitives.setting_error import SettingError
from recsys_assets.settings.truth_values import check_truth_values

STRICT = ConfigDict(extra="forbid")


FAMILIES = {"retrieval": (RETRIEVERS, DEFAULT_RETRIEVER), "ranking": (RANKERS, DEFAULT_RANKER)}
"""The families of the models of a section, and the one that is meant where none is named."""


def section_class(name: str, values: Any) -> Any:
    """The class of a section's settings, where that depends on which models there are; None for any other section.

    Args:
        name: of the section.
        values: what the YAML says there.
    """
    if name == "candidates":
        return candidate_settings()
    if name not in FAMILIES:
        return None
    families, default = FAMILIES[name]
    named = values.get("model", default) if isinstance(values, Mapping) else default
    return families.get(named, families[default]).config_class()


def _retriever(values: Any) -> Any:
    return _model(values, *FAMILIES["retrieval"])


def _ranker(values: Any) -> Any:
    return _model(values, *FAMILIES["ranking"])


def _model(values: Any, families: Mapping[str, Family], default: str) -> Any:
    """The settings of the family that is named; an object that is made already stays as it is."""
    if not isinstance(values, Mapping):
        return values
    name = values.get("model", default)
    if name not in families:
        raise SettingError(f"model is {name!r}, expected one of {', '.join(families)}.", "model")
    settings = {key: value for key, value in values.items() if key != "model"}
    config = families[name].config_class()
    check_truth_values(config, settings)
    checked = _types(config).model_validate(settings)
    return config(**{key: getattr(checked, key) for key in settings})


@cache
def _types(config: Any) -> type[BaseModel]:
    """The fields of a dataclass as pydantic checks them, unknown ones refused."""
    hints, declared = get_type_hints(config), {field.name: field.default for field in fields(config)}
    given: dict[str, Any] = {name: (hints[name], default) for name, default in declared.items()}
    return create_model(config.__name__, __config__=STRICT, **given)


def _one_or_more(values: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    return (_retriever(values),) if isinstance(values, Mapping) else handler(values)


def _candidates(values: Any) -> Any:
    """Sizes by name, beside the settings of the item state."""
    if not isinstance(values, Mapping):
        return values
    check_truth_values(candidate_settings(), values)
    given = candidate_settings().model_validate(values)
    settings: dict[str, Any] = {name: getattr(given, name) for name in sorted(given.model_fields_set)}
    snapshot = settings.pop("snapshot", ItemStateConfig())
    return CandidateConfig(settings, snapshot=snapshot)


@cache
def candidate_settings() -> type[BaseModel]:
    """The section `candidates`, with a size for every source that there can be."""
    fields: dict[str, Any] = {
        name: (int, Field(default_size(name), description=f"Items by the retrieval model `{name}`."))
        for name in RETRIEVERS
    }
    for name, brings in STATE_SOURCES.items():
        fields[name] = (int, Field(default_size(name), description=f"{brings[0].upper()}{brings[1:]}."))
    fields["snapshot"] = (
        ItemStateConfig,
        Field(ItemStateConfig(), description="Decays and neighbours of the sources."),
    )
    return create_model("CandidateSettings", __config__=STRICT, **fields)


def _retrieval_said(configs: tuple[RetrieverConfig, ...]) -> list[dict[str, Any]]:
    return [{"model": retriever_name(config), **asdict(config)} for config in configs]


def _ranking_said(config: RankerConfig) -> dict[str, Any]:
    return {"model": ranker_name(config), **asdict(config)}


def _candidates_said(config: CandidateConfig) -> dict[str, Any]:
    return {**config.sizes, "snapshot": asdict(config.snapshot)}


# Each is written as a YAML says it: Dagster fills in templates, and what comes of it is read again.
RetrieverSettings = Annotated[
    tuple[Annotated[RetrieverConfig, BeforeValidator(_retriever)], ...],
    WrapValidator(_one_or_more),
    PlainSerializer(_retrieval_said),
]
RankerSettings = Annotated[RankerConfig, BeforeValidator(_ranker), PlainSerializer(_ranking_said)]
CandidateSettings = Annotated[CandidateConfig, BeforeValidator(_candidates), PlainSerializer(_candidates_said)]

"""The resources of an installation: defaults, or what `resources.yaml` in the home says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from resources.compute import ComputeResource
from resources.feature_store import FeatureStoreResource
from resources.home import Home
from resources.mlflow import MlflowResource
from resources.triton import TritonResource
from resources.yaml_keys import repeated_key

logger = logging.getLogger(__name__)
FILE = "resources.yaml"
GONE = {"triton": {"http_port": "the embedded server has no HTTP port any more"}}
"""Fields of versions before, by section, and why there is nothing for them to say: left out, and told."""


@dataclass(frozen=True)
class Resources:
    """One of each resource; the fields are the keys under which assets ask for them.

    Args:
        compute: engine and Faiss device.
        feature_store: Feast and its online store.
        triton: where releases answer.
        mlflow: where runs and versions are kept.
    """

    compute: ComputeResource
    feature_store: FeatureStoreResource
    triton: TritonResource
    mlflow: MlflowResource

    def by_key(self) -> dict[str, Any]:
        """For `dg.Definitions(resources=...)`."""
        return dict(vars(self))


def configured(home: Home) -> Resources:
    """Resources as this home's `resources.yaml` says; without the file, all with their defaults.

    A field that a version before had, and this one has no use for, is left out with a warning.

    The file has a section a resource, with the resource's own fields:

        compute: {engine: local_cluster, workers: 4}
        feature_store: {online_store: redis, connection_string: "redis:6379"}
        triton: {address: "triton:8001", repository: /models}
        mlflow: {tracking_uri: "http://mlflow:5000"}

    Raises:
        ValueError: when the file is no YAML, or a section or a field of it is unknown or wrong; names it.
    """
    path = home.root / FILE
    sections = _read(path)
    kinds: dict[str, Any] = {
        "compute": ComputeResource,
        "feature_store": FeatureStoreResource,
        "triton": TritonResource,
        "mlflow": MlflowResource,
    }
    unknown = sorted(set(sections) - set(kinds))
    if unknown:
        raise ValueError(f"{path}: unknown section {unknown[0]!r}, expected one of {', '.join(kinds)}.")
    made: dict[str, Any] = {name: _make(kind, name, sections.get(name), path) for name, kind in kinds.items()}
    return Resources(**made)


def _read(path: Path) -> Mapping[str, Any]:
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        sections = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from error
    twice = repeated_key(text)
    if twice:
        raise ValueError(f"{path}:{twice.again}: {twice}")
    if not isinstance(sections, dict):
        raise ValueError(f"{path} holds {type(sections).__name__}, expected one section a resource.")
    return sections


def _make(kind: Any, name: str, fields: Any, path: Path) -> Any:
    fields = _without_gone(fields or {}, name, path)
    known = kind.model_fields
    unknown = sorted(set(fields) - set(known)) if isinstance(fields, dict) else [str(fields)]
    if unknown:
        fields_known = ", ".join(sorted(known))
        raise ValueError(f"{path}: {name} has no field {unknown[0]!r}, expected some of {fields_known}.")
    try:
        return kind(**fields)
    except ValidationError as error:
        # Not from the error: it shows the whole section, keys to servers included.
        raise ValueError(f"{path}: {_sentence(name, error)}") from None


def _without_gone(fields: Any, section: str, path: Path) -> Any:
    if not isinstance(fields, dict):
        return fields
    gone = GONE.get(section, {})
    for name in [name for name in fields if name in gone]:
        _tell(f"{path}: {section}.{name} is ignored, for {gone[name]}; take it out of the file.")
    return {name: value for name, value in fields.items() if name not in gone}


@cache
def _tell(sentence: str) -> None:
    """Warns once a process: the file is read many times."""
    logger.warning(sentence)


def _sentence(section: str, error: ValidationError) -> str:
    found = error.errors()[0]
    place = ".".join(map(str, (section, *found["loc"])))
    if found["type"] == "value_error":  # in words of our own
        return f"{place}: {found['ctx']['error']}"
    return f"{place}: {found['msg'].lower()}, got {found['input']!r}; correct the value."

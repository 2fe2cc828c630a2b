"""What is wrong with a `defs.yaml`, in one sentence with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from ops_gpu.logs import LogError
from ops_gpu.setting_error import SettingError
from recsys_assets.settings.recommender_settings import RecommenderSettings
from recsys_assets.yaml_lines import line_of
from resources.yaml_keys import repeated_key

TYPE = "recsys_assets.Recommender"


class YamlError(ValueError):
    """A `defs.yaml` cannot be used; the message names file, line and key, and says how to mend it."""


def require_distinct_keys(file: Path) -> None:
    """Checks that no section of a YAML has a key twice.

    Raises:
        YamlError: for the first one that it has.
    """
    try:
        twice = repeated_key(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # loading it says more
        return
    if twice:
        raise YamlError(f"{file}:{twice.again}: {twice}")


def explain(error: BaseException, file: Path) -> YamlError:
    """Turns what loading a `defs.yaml` raised into one sentence.

    Args:
        error: what was raised; its causes are looked at too.
        file: the YAML.
    """
    if not isinstance(_content(file), dict):
        return YamlError(f"{file} holds no keys; begin it with the lines `type: {TYPE}` and `attributes:`.")
    for cause in _causes(error):
        if isinstance(cause, YamlError):
            return cause
        if isinstance(cause, ValidationError):
            return YamlError(_of_validation(cause, file))
        if isinstance(cause, SettingError):
            keys = ["attributes", *cause.keys]
            return YamlError(f"{file}:{line_of(file, keys)}: {'.'.join(keys)}: {cause}")
        if isinstance(cause, yaml.MarkedYAMLError) and cause.problem_mark:
            line = cause.problem_mark.line + 1
            return YamlError(f"{file}:{line}: this is not valid YAML ({cause.problem}); mend the line.")
    return YamlError(_of_another(list(_causes(error))[-1], file))


def _of_another(error: BaseException, file: Path) -> str:
    """What is left: a type that is not there, or what loading a component raised."""
    kind, message = _content(file).get("type"), " ".join(str(error).split()).rstrip(".")
    if kind == TYPE:
        return f"{file}: {message}."
    return f"{file}:{line_of(file, ['type'])}: type is {kind!r}, expected {TYPE} ({message}); correct the type."


def _content(file: Path) -> Any:
    """What the file holds; no keys where that cannot be told, as then the error says more."""
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_validation(error: ValidationError, file: Path) -> str:
    sentences = []
    # A misspelt key is told before the one that is missing because of it.
    for found in sorted(error.errors(), key=lambda found: found["type"] == "missing"):
        keys, line = _place(found, file)
        sentences.append(f"{file}{f':{line}' if line else ''}: {_problem(found, keys)}")
    return " ".join(sentences)


def _place(found: Any, file: Path) -> tuple[list[str], int | None]:
    """Keys from the top of the file, and the line."""
    position, cause = (found.get("ctx", {}).get(name) for name in ("source_position", "error"))
    if position:
        keys = str(found["loc"][0]).partition(" at ")[0].split(".")
        if not _keys(cause):
            return keys, position.start.line
        keys += _keys(cause)
        return keys, line_of(file, keys)
    # Dagster cannot place every kind of error; pydantic's own begins below the attributes.
    keys = ["attributes", *(str(key) for key in found["loc"])]
    keys += _keys(cause)
    return keys, line_of(file, keys)


def _keys(cause: object) -> tuple[str, ...]:
    """The way to the setting that is to blame, from the section that was checked."""
    return cause.keys if isinstance(cause, SettingError | LogError) else ()


def _problem(found: Any, keys: list[str]) -> str:
    """One problem that pydantic reports, in our words."""
    key, kind = ".".join(keys), found["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _known(keys[:-1])
        near = difflib.get_close_matches(keys[-1], known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known there: {', '.join(known)}."
        return f"{key} is not a known key; {hint}"
    if kind == "missing":
        return f"{key} is missing; add it."
    if kind in ("sequence_str", "list_type", "tuple_type"):
        return f"{key}: expected a list, got {found['input']!r}; write [{found['input']}]."
    if kind == "literal_error":
        return f"{key}: got {found['input']!r}, expected {found['ctx']['expected']}; correct the value."
    if kind == "value_error":
        message = str(found["msg"]).removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    return f"{key}: {found['msg'].lower()}, got {found['input']!r}; correct the value."


def _known(keys: list[str]) -> list[str]:
    """The keys that a section may have."""
    section: Any = RecommenderSettings
    for key in keys:
        if key != "attributes" and not key.isdigit():  # a position in a list of sections
            section = _section(_types(section).get(key))
    return list(_types(section)) or ["type", "attributes"]


def _types(section: Any) -> dict[str, Any]:
    if isinstance(section, type) and issubclass(section, BaseModel):
        return {name: info.annotation for name, info in section.model_fields.items()}
    if is_dataclass(section) and isinstance(section, type):
        from typing import get_type_hints

        hints = get_type_hints(section)
        return {item.name: hints[item.name] for item in fields(section)}
    return {}


def _section(annotation: Any) -> Any:
    """The class behind `Section` or `Section | None`."""
    choices = [kind for kind in get_args(annotation) or (annotation,) if kind is not type(None)]
    return choices[0] if choices else None

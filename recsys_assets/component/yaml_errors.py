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
from ops_gpu.primitives.setting_error import SettingError
from recsys_assets.component.yaml_lines import line_of, without
from recsys_assets.settings.model_settings import FAMILIES, section_class
from recsys_assets.settings.recommender_settings import RecommenderSettings
from resources.yaml_keys import repeated_key

TYPE = "recsys_assets.Recommender"


class YamlError(ValueError):
    """A `defs.yaml` cannot be used; the message names file, line and key, and says how to mend it."""


REPLACED = {"attributes.serving.temperature": "serving.ordering: {{softmax_sampling: {{temperature: {}}}}}"}
"""Keys of versions of before, and what is written for them, with their value."""
DEEPEST = 100
"""Sections within sections; more than any setting has, and few enough for every reader of YAML."""
_PLAIN_TAGS = {
    None,
    "!",
    *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp")),
}
_PLAIN_TAGS |= {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "merge")}


def require_readable(file: Path) -> None:
    """Checks that a YAML is text, and of values and sections that can be read; other mistakes are told later.

    Raises:
        YamlError: for the first line with something else.
    """
    try:
        content = file.read_bytes()
    except OSError:  # loading it says more
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, sign = content.count(b"\n", 0, error.start) + 1, content[error.start]
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        found = "begins as UTF-16 does" if wide else f"the byte 0x{sign:02x} is no part of a sign of UTF-8"
        raise YamlError(f"{file}:{line}: {found}; save the file in the encoding UTF-8.") from None
    try:
        _require_plain(text, file)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        mend = "save the file in the encoding UTF-8" if error.character == 0 else "take it out"
        raise YamlError(
            f"{file}:{line}: the file holds the sign U+{error.character:04X}, which no YAML may hold; {mend}."
        ) from None
    except yaml.YAMLError:  # loading it says the same with its line
        return


def _require_plain(text: str, file: Path) -> None:
    """YamlError for a tag that stands for another kind of value, and for sections too many within each other."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        tag = getattr(event, "tag", None)
        if tag not in _PLAIN_TAGS:
            shown = str(tag).replace("tag:yaml.org,2002:", "!!")
            raise YamlError(f"{file}:{line}: the tag {shown} makes a value that no setting takes; leave the tag out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise YamlError(f"{file}:{line}: more than {DEEPEST} sections stand within each other; take some out.")


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
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return {}


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _of_validation(error: ValidationError, file: Path) -> str:
    # A misspelt key is told before the one that is missing because of it.
    content, errors = _content(file), [(found, *_place(found, file)) for found in error.errors()]
    errors.sort(key=lambda told: told[0]["type"] == "missing")
    sentences: dict[tuple[str, ...], str] = {}
    for found, keys, line in errors:
        # Where a setting may be of several types, each says why it is not: the one that looked deepest knows best.
        if not any(found is not other and keys == deeper[: len(keys)] != deeper for other, deeper, _ in errors):
            sentence = f"{file}{f':{line}' if line else ''}: {_problem(found, keys, content)}"
            sentences.setdefault(tuple(keys), sentence)
    return " ".join(sentences.values())


def _place(found: Any, file: Path) -> tuple[list[str], int | None]:
    """Keys from the top of the file, and the line."""
    position, cause = (found.get("ctx", {}).get(name) for name in ("source_position", "error"))
    if position:
        named = str(found["loc"][0]).partition(" at ")[0].split(".")
        keys = [*without(file, named, _is_type), *_keys(cause)]
        return keys, position.start.line if keys == named else line_of(file, keys)
    # Dagster cannot place every kind of error; pydantic's own begins below the attributes.
    keys = [*without(file, ["attributes", *(str(key) for key in found["loc"])], _is_type), *_keys(cause)]
    return keys, line_of(file, keys)


def _is_type(key: str) -> bool:
    """Whether it may be the name of a type that pydantic has tried, where there are several."""
    return "[" in key or key in ("str", "int", "float", "bool", "date")


def _keys(cause: object) -> tuple[str, ...]:
    """The way to the setting that is to blame, from the section that was checked."""
    return cause.keys if isinstance(cause, SettingError | LogError) else ()


def _problem(found: Any, keys: list[str], content: Any) -> str:
    """One problem that pydantic reports, in our words."""
    key, kind = ".".join(keys), found["type"]
    if key in REPLACED:
        return f"{key} is said in another place now; write {REPLACED[key].format(found['input'])} instead."
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = _known(keys[:-1], content)
        near = difflib.get_close_matches(keys[-1], known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known there: {', '.join(known)}."
        return f"{key} is not a known key; {hint}"
    if kind == "missing":
        return f"{key} is missing; add it."
    if kind == "is_instance_of" and "sequence" in str(found["msg"]).lower():
        return f"{key}: expected a list; write its values as [...], or one a line, each after '- '."
    if kind in ("sequence_str", "list_type", "tuple_type"):
        return f"{key}: expected a list, got {found['input']!r}; write [{found['input']}]."
    if kind == "literal_error":
        return f"{key}: got {found['input']!r}, expected {found['ctx']['expected']}; correct the value."
    if kind == "value_error":
        message = str(found["msg"]).removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    return f"{key}: {found['msg'].lower()}, got {found['input']!r}; correct the value."


def _known(keys: list[str], content: Any) -> list[str]:
    """The keys that a section may have."""
    section: Any = RecommenderSettings
    values, named = content, False
    for key in keys:
        values = _part(values, key)
        if key != "attributes" and not key.isdigit():  # a position in a list of sections
            inner = values[0] if isinstance(values, list) and values else values
            named = key in FAMILIES
            section = section_class(key, inner) or _section(_types(section).get(key))
        elif named and key.isdigit():
            section = section_class(keys[-2], values) or section
    return [*(["model"] if named else []), *_types(section)] or ["type", "attributes"]


def _part(values: Any, key: str) -> Any:
    """What stands under a key, or at a place of a list."""
    try:
        return values[int(key)] if isinstance(values, list) else values[key]
    except (LookupError, TypeError, ValueError):
        return None


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

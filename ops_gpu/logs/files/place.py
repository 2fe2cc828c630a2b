"""Where the paths of a YAML start, and the variables they may name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops_gpu.logs.errors.log_error import LogError

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


def expand(path: str, variables: Mapping[str, str]) -> str:
    """Replaces `${NAME}` and `${NAME:-default}` in a path.

    An empty variable counts as unset, as in a shell.

    Args:
        path: text that may hold variables.
        variables: their values; the caller passes the environment, this package reads none.

    Returns:
        The text without variables.

    Raises:
        LogError: when a variable has neither a value nor a default.

    Example:
        >>> expand("${DATA:-shared}/ratings.dat", {})
        'shared/ratings.dat'
    """

    def value(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        found = variables.get(name) or default
        if found is None:
            raise LogError(
                f"path '{path}' names the variable {name}, which is not set; "
                f"set it or give a default as ${{{name}:-some/folder}}."
            )
        return found

    return _VARIABLE.sub(value, path)


@dataclass(frozen=True)
class LogPlace:
    """The base folder of relative paths and the variables that paths may name.

    Args:
        base: folder that relative paths start from, usually that of the YAML.
        variables: values for `${NAME}` in paths.
    """

    base: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, path: str) -> str:
        """The address to open: variables expanded, relative paths under `base`, addresses as they are."""
        text = expand(path, self.variables)
        return text if "://" in text else str(Path(self.base, text).resolve())

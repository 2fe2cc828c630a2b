"""Condition: which candidates may be recommended to whom, as a line of YAML says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Comparison = Literal[
    "equals", "differs", "below", "at_most", "at_least", "above", "in", "not_in", "contains", "excludes"
]
Unknown = Literal["keep", "remove"]

NUMERIC = frozenset({"below", "at_most", "at_least", "above"})
"""Comparisons of numbers."""
OF_LISTS = frozenset({"contains", "excludes"})
"""Comparisons whose item column is a list."""
WITH_LISTS = frozenset({"in", "not_in"})
"""Comparisons with a list on the other side."""

CONTEXT = "context_"
"""What stands before the name of a request's own column, so that it is never taken for one of the user's."""


def _no_number(value: float | str) -> bool:
    """Whether a number is one that no column can hold: NaN, infinite, or beyond 64 bits."""
    return not isinstance(value, str) and not abs(value) < 2**63


@dataclass(frozen=True)
class Condition:
    """Keeps the candidates of which `<item> <comparison> <other>` holds, and removes the others.

    The other side is a constant (`value`), or a column of the user (`user`), or of the request (`request`); with
    both of these the request's value counts where it says one, else the user's. `equals`, `differs`, `in` and
    `not_in` take texts as well as numbers, `in` and `not_in` a list on the other side, of which an item that is a
    list itself has any (`in`) or none (`not_in`); `contains` and `excludes` are for item columns that are lists.

    Args:
        name: the reason under which candidates are counted as removed.
        item: raw column of the items table; an empty list counts as unknown, as a null does.
        comparison: see above.
        value: the constant; a list of them for `in` and `not_in`.
        user: raw column of the users table. An empty list of a user is known: nothing is in it.
        request: a column of the request, `context_<request>` on the wire; left out, it is unknown.
        unknown_item: what becomes of a candidate whose own value is unknown, `keep` or `remove`.
        unknown_user: what becomes of candidates where the other side's value is unknown.

    Raises:
        ValueError: when a part is missing, or does not fit the comparison.

    Example:
        >>> Condition("age", "age_limit", "at_most", user="age", unknown_user="remove")
    """

    name: str
    item: str
    comparison: Comparison
    value: Any = None
    user: str | None = None
    request: str | None = None
    unknown_item: Unknown = "keep"
    unknown_user: Unknown = "keep"

    def __post_init__(self) -> None:
        if not self.name or not self.item:
            raise ValueError(f"a filter has name={self.name!r} and item={self.item!r}; give it both.")
        if (self.value is None) == (self.user is None and self.request is None):
            raise ValueError(
                f"the filter {self.name!r} compares {self.item!r} with value={self.value!r}, user={self.user!r} and "
                f"request={self.request!r}; give it a value, or a user or request column, and not both."
            )
        if self.value is not None:
            self._check_value()
        elif self.request is not None and self.comparison in WITH_LISTS:
            raise ValueError(
                f"the filter {self.name!r} asks whether {self.item!r} is {self.comparison.replace('_', ' ')} a request "
                f"column, which is one value and no list; compare with contains, excludes, equals or differs."
            )

    def _check_value(self) -> None:
        listed = isinstance(self.value, (list, tuple))
        if listed != (self.comparison in WITH_LISTS):
            expected = "a list" if self.comparison in WITH_LISTS else "one value"
            raise ValueError(f"the filter {self.name!r} has value {self.value!r}; {self.comparison} takes {expected}.")
        values = self.values
        wrong = [v for v in values if isinstance(v, bool) or not isinstance(v, (int, float, str)) or _no_number(v)]
        if self.comparison in NUMERIC:
            wrong += [v for v in values if isinstance(v, str)]
        if wrong or len({isinstance(value, str) for value in values}) > 1 or not values:
            kind = "a number" if self.comparison in NUMERIC else "texts or numbers, not both"
            raise ValueError(
                f"the filter {self.name!r} has value {self.value!r}; {self.comparison} takes {kind} (quote a text "
                f"that YAML takes for something else, such as NO)."
            )

    @property
    def values(self) -> tuple[Any, ...]:
        """The constants."""
        return tuple(self.value) if isinstance(self.value, (list, tuple)) else (self.value,)

    @property
    def keep_if(self) -> bool:
        """Whether what the comparison looks for is wanted: false for differs, not_in and excludes."""
        return self.comparison not in ("differs", "not_in", "excludes")

    @property
    def context(self) -> str | None:
        """The name of the request column in requests and graphs."""
        return None if self.request is None else CONTEXT + self.request

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON."""
        fields: Mapping[str, Any] = vars(self)
        return {key: value for key, value in fields.items() if value != getattr(type(self), key, None)}

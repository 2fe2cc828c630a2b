"""FilterCandidates: what must not be recommended, and why it was removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ops_gpu.candidates.candidates import FALLBACK
from ops_gpu.candidates.unseen import contained
from ops_gpu.interactions.item_state import ItemState
from ops_gpu.primitives.ragged import Ragged
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from serving.operators.base import Need, ServingOperator
from serving.operators.filtering.condition_types import check_item, needs
from serving.operators.filtering.item_rule import ItemRule
from serving.request.columns import Columns, ragged
from serving.rules.condition import Condition
from serving.rules.item_attributes import ItemAttributes

if TYPE_CHECKING:
    from serving.release.release import Release

SEEN, UNAVAILABLE, FIRST_CONDITION = 1, 2, 4
MOST_CONDITIONS = 30

PREFIX = "candidate_"
REMOVED = ("removed_item", "removed_reason")


@dataclass
class FilterCandidates(ServingOperator):
    """Removes candidates that the user has already seen, that are not available, or that break a condition.

    Every column named `candidate_*`, and those of `beside`, keep the same candidates. `removed_item` and
    `removed_reason` tell what went, and why: a bit a reason, several may hold; `reasons` names them. Merlin Systems'
    operator of this name flattened its inputs and so answered one user a request; this one works on ragged lists.

    Args:
        repeats: whether seen items are welcome (repurchases).
        state: part of the release with the item state (availability).
        seen: list column with the codes of all items that the user ever interacted with.
        conditions: each as `Condition.to_dict` writes it.
        attributes: schema of the item columns that they name, as `Schema.to_dict` writes it.
        table: part of the release with these columns (`ItemAttributes`).
        beside: further list columns with an entry a candidate.
        of_fallback: whether all but the lists of `PopularFallback` have been filtered before.

    Raises:
        ValueError: for two conditions of one name or more than 30, and by `bind` when the release's item columns are
            not of the types that `attributes` says.

    Example:
        >>> in_stock = Condition("out_of_stock", "stock", "above", value=0)
        >>> stock = Schema([ColumnSchema("stock", "int64")])
        >>> rules = FilterCandidates(conditions=(in_stock.to_dict(),), attributes=stock.to_dict())
        >>> kept = (candidates + seen["seen_item"]) >> rules
        >>> rules.reasons()
        {1: 'seen', 2: 'unavailable', 4: 'out_of_stock'}
    """

    stage: ClassVar[str] = "filtering"

    repeats: bool = False
    state: str = "snapshot"
    seen: str = "seen_item"
    conditions: tuple[Mapping[str, Any], ...] = ()
    attributes: Mapping[str, Any] | None = None
    table: str = "item_attributes"
    beside: tuple[str, ...] = ()
    of_fallback: bool = False

    def __post_init__(self) -> None:
        self._conditions = tuple(Condition(**values) for values in self.conditions)
        self._attributes = Schema.from_dict(self.attributes) if self.attributes else Schema()
        names = ["seen", "unavailable", *(condition.name for condition in self._conditions)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two reasons to remove a candidate are named {twice!r}; give each filter its own name.")
        if len(self._conditions) > MOST_CONDITIONS:
            raise ValueError(f"there are {len(self._conditions)} filters, and at most {MOST_CONDITIONS}; join some.")
        for condition in self._conditions:
            if condition.item not in self._attributes:
                known = ", ".join(self._attributes.names) or "none"
                raise ValueError(f"the filter {condition.name!r} reads {condition.item!r}; attributes has {known}.")
            check_item(condition, self._attributes[condition.item])

    def reasons(self) -> dict[int, str]:
        """The name of each bit of `removed_reason`."""
        always = {UNAVAILABLE: "unavailable"} if self.repeats else {SEEN: "seen", UNAVAILABLE: "unavailable"}
        return always | {FIRST_CONDITION << place: rule.name for place, rule in enumerate(self._conditions)}

    def needs(self) -> tuple[Need, ...]:
        wanted = [Need("candidate_item", ("int32",), is_list=True)]
        wanted += [Need(name, is_list=True) for name in self.beside]
        if self.of_fallback:
            wanted.append(Need("candidate_source", ("uint8",), is_list=True))
        if not self.repeats:
            wanted.append(Need(self.seen, ("int32",), is_list=True))
        for condition in self._conditions:
            wanted += needs(condition, self._attributes[condition.item])
        return tuple(dict.fromkeys(wanted))

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*filter(self._stays, names), *REMOVED)

    def output_schema(self, schema: Schema) -> Schema:
        kept = [column for column in schema if self._stays(column.name)]
        removed = zip(REMOVED, ("int32", "uint32"), strict=True)
        return Schema([*kept, *(ColumnSchema(name, dtype, is_list=True) for name, dtype in removed)])

    def evidence(self) -> dict[str, str]:
        return {name: name for name in REMOVED}

    def bind(self, release: Release) -> None:
        self._available = np.array(release.shared(self.state, ItemState.load).available)
        self._rules: list[tuple[int, ItemRule]] = []
        if not self._conditions:
            return
        frame = release.shared(self.table, ItemAttributes.load).frame
        for column in self._attributes:
            found = frame.schema.get(column.name)
            if found != column.polars_dtype:
                raise ValueError(
                    f"FilterCandidates was told that the item column {column.name!r} is {column.polars_dtype}, that of "
                    f"the release is {found or 'not there'}; build ensemble and release from one items table."
                )
        for place, condition in enumerate(self._conditions):
            self._rules.append((FIRST_CONDITION << place, ItemRule(condition, frame[condition.item])))

    def transform(self, columns: Columns) -> Columns:
        items = ragged(columns, "candidate_item")
        if self.of_fallback and not np.count_nonzero(ragged(columns, "candidate_source").values & FALLBACK):
            return self._all_of(columns, len(items))
        reason = np.where(self._available[items.values], np.uint32(0), np.uint32(UNAVAILABLE))
        if not self.repeats:
            reason[contained(items, ragged(columns, self.seen))] |= np.uint32(SEEN)
        for bit, rule in self._rules:
            reason[rule.removed(items, columns)] |= np.uint32(bit)
        if not np.count_nonzero(reason):  # a fraction of the time of `any`
            return self._all_of(columns, len(items))
        keep = reason == 0
        kept, gone = items.keep(keep), items.keep(~keep)
        result: Columns = {"removed_item": gone, "removed_reason": gone.with_values(reason[~keep])}
        for name in filter(self._stays, columns):
            result[name] = kept.with_values(ragged(columns, name).values[keep])
        return result

    def _all_of(self, columns: Columns, users: int) -> Columns:
        """What is given when nothing is removed."""
        nothing = Ragged(np.empty(0, np.int32), np.zeros(users + 1, np.int64))
        removed: Columns = {"removed_item": nothing, "removed_reason": nothing.with_values(np.empty(0, np.uint32))}
        return removed | {name: columns[name] for name in filter(self._stays, columns)}

    def _stays(self, name: str) -> bool:
        return name.startswith(PREFIX) or name in self.beside

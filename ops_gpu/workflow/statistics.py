"""Statistics: what some rows taught a workflow, in small frames that merge."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from ops_gpu.graph.operator import Operator
from ops_gpu.operators.base.fitted_operator import FittedOperator
from ops_gpu.primitives.atomic_directory import atomic_directory
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.node_statistics import NodeStatistics, Piece

FORMAT = 2

Tables = Mapping[str, pl.DataFrame]


class Statistics:
    """Sufficient statistics of a part of the data, by node of a workflow and unit (column or group).

    Made by `Workflow.partial`, merged with those of other parts in any order and grouping, and turned into a
    fitted workflow by `Workflow.finalize`. They carry the hash of the workflow that made them, and of every
    fitted node below theirs, so that what does not belong together is never merged.

    Args:
        graph: hash of the workflow's graph.
        schema: the raw columns that were read.
        operators: the fitted operators by node.
        below: hash of the fitted state below each node; empty where there is none.
        tables: statistics by node and unit.

    Example:
        >>> days = [workflow.partial(frame) for frame in frames]
        >>> workflow.finalize(Statistics.merge(days))
    """

    def __init__(
        self,
        graph: str,
        schema: Schema,
        operators: Mapping[str, FittedOperator],
        below: Mapping[str, str],
        tables: Mapping[str, Tables],
    ) -> None:
        self.graph = graph
        self.schema = schema
        self.operators = dict(operators)
        self.below = dict(below)
        self.tables = {node: _of_node(self.operators[node], units) for node, units in tables.items()}
        self._digests: list[str] = []

    @staticmethod
    def merge(parts: Sequence[Statistics]) -> Statistics:
        """Statistics of all parts together.

        Args:
            parts: at least one, of one workflow.

        Raises:
            ValueError: when there is none, or parts differ in workflow, state below, or type of a column.
        """
        if not parts:
            raise ValueError("there are no statistics to merge; make some with Workflow.partial.")
        operators, below, schema = _common(parts)
        tables = {node: _merge_node(node, operators[node], parts) for node in operators}
        return Statistics(parts[0].graph, schema, operators, below, tables)

    def only(self, nodes: Collection[str]) -> Statistics:
        """The statistics of these nodes, by their keys, and of no others."""
        kept = [node for node in self.tables if node in nodes]
        operators, below = {node: self.operators[node] for node in kept}, {node: self.below[node] for node in kept}
        return Statistics(self.graph, self.schema, operators, below, {node: self.tables[node] for node in kept})

    def extended(self, new: Statistics) -> Statistics:
        """These and those of new rows; unlike `merge`, it leaves what is large as it lies until it is asked for.

        Raises:
            ValueError: as `merge` does.
        """
        operators, below, schema = _common([self, new])
        tables = {
            node: _of_node(operator, self.tables.get(node, {})).extended(_of_node(operator, new.tables.get(node, {})))
            for node, operator in operators.items()
        }
        return Statistics(self.graph, schema, operators, below, tables)

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes `statistics.json` and one Parquet file a piece; aside first, then renamed."""
        with atomic_directory(directory, ["statistics.json", "*.parquet"]) as folder:
            entries: list[dict[str, str]] = []
            for node, units in self.tables.items():
                for unit in units:
                    for piece in units.pieces(unit):
                        file = f"{len(entries)}.parquet"
                        digest = piece.write(folder / file)
                        entries.append({"node": node, "unit": unit, "file": file, "sha256": digest})
            document = {
                "format": FORMAT,
                "graph": self.graph,
                "schema": self.schema.to_dict(),
                "operators": {node: operator.to_dict() for node, operator in self.operators.items()},
                "below": self.below,
                "tables": entries,
            }
            text = json.dumps(document, indent=1, ensure_ascii=False)
            (folder / "statistics.json").write_text(text, encoding="utf-8")
        self._digests = [entry["sha256"] for entry in entries]
        self.stored(directory)

    def stored(self, directory: str | os.PathLike[str]) -> None:
        """Says where the files of the last `save` lie, when their folder was renamed since."""
        files = ((Path(directory, f"{n}.parquet"), digest) for n, digest in enumerate(self._digests))
        for units in self.tables.values():
            for unit in units:
                units.stored(unit, list(islice(files, len(units.pieces(unit)))))

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> Statistics:
        """Reads what `save` wrote.

        Raises:
            ValueError: when the folder holds something else, of a newer format, or damaged.
        """
        folder = Path(directory)
        try:
            document = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
            check_format(folder, document, FORMAT)
            return cls._read(folder, document)
        except (OSError, KeyError, TypeError, pl.exceptions.PolarsError, json.JSONDecodeError) as error:
            raise ValueError(
                f"{folder} holds no readable statistics ({type(error).__name__}: {error}); make them anew."
            ) from error

    @classmethod
    def _read(cls, folder: Path, document: Mapping[str, Any]) -> Statistics:
        operators = {node: _fitted(data) for node, data in document["operators"].items()}
        pieces: dict[str, dict[str, list[Piece]]] = {node: {} for node in operators}
        for entry in document["tables"]:
            path = folder / entry["file"]
            piece = Piece.load(path, entry["sha256"])
            pieces[entry["node"]].setdefault(entry["unit"], []).append(piece)
        tables = {node: NodeStatistics(operators[node], found) for node, found in pieces.items()}
        return cls(document["graph"], Schema.from_dict(document["schema"]), operators, document["below"], tables)


def _common(parts: Sequence[Statistics]) -> tuple[dict[str, FittedOperator], dict[str, str], Schema]:
    """What parts agree on: operators, the states below them, and the raw columns; ValueError where they do not."""
    for part in parts:
        if part.graph != parts[0].graph:
            raise ValueError(
                f"statistics of workflows {parts[0].graph[:12]} and {part.graph[:12]} do not merge; "
                "make both with the same workflow."
            )
    below: dict[str, str] = {}
    operators: dict[str, FittedOperator] = {}
    for part in parts:
        operators |= part.operators
        _check_below(below, part)
        below |= part.below
    return operators, below, merged_schema([part.schema for part in parts])


def _of_node(operator: FittedOperator, units: Tables) -> NodeStatistics:
    return units if isinstance(units, NodeStatistics) else NodeStatistics.of(operator, units)


def check_format(folder: Path, document: Mapping[str, Any], known: int) -> None:
    """ValueError where a folder was written by a newer version of this package."""
    found = document["format"]
    if not isinstance(found, int) or found > known:
        raise ValueError(f"{folder} is of format {found}, and this version reads up to {known}; update this package.")


def merged_schema(schemas: Sequence[Schema]) -> Schema:
    """Raw columns of several parts; ValueError where one column is of types that do not mix."""
    columns: dict[str, ColumnSchema] = {}
    for schema in schemas:
        for column in schema:
            known = columns.setdefault(column.name, column)
            columns[column.name] = _wider(known, column)
    return Schema(columns.values())


def _wider(one: ColumnSchema, other: ColumnSchema) -> ColumnSchema:
    if one.properties.get("all_null") or one == other:
        return other
    if other.properties.get("all_null"):
        return one
    kinds = {_kind(one), _kind(other)}
    if one.is_list != other.is_list or not (len(kinds) == 1 or kinds <= {"integer", "float"}):
        raise ValueError(
            f"column {one.name!r} is {_words(one)} in one part and {_words(other)} in another; cast it to one type."
        )
    supertype = pl.concat(
        [pl.Series(dtype=c.with_dtype(c.dtype, False).polars_dtype).to_frame() for c in (one, other)],
        how="vertical_relaxed",
    ).dtypes[0]
    return one.with_dtype(ColumnSchema.from_polars(one.name, supertype).dtype).with_tags(other.tags)


def _kind(column: ColumnSchema) -> str:
    dtype = column.with_dtype(column.dtype, False).polars_dtype
    return "integer" if dtype.is_integer() else "float" if dtype.is_float() else column.dtype


def _words(column: ColumnSchema) -> str:
    return f"a list of {column.dtype}" if column.is_list else column.dtype


def _merge_node(node: str, operator: FittedOperator, parts: Sequence[Statistics]) -> dict[str, pl.DataFrame]:
    there = [part.tables[node] for part in parts if node in part.tables]
    units = dict.fromkeys(unit for tables in there for unit in tables)
    return {unit: _merge_unit(unit, operator, [t[unit] for t in there if unit in t]) for unit in units}


def _merge_unit(unit: str, operator: FittedOperator, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return frames[0] if len(frames) == 1 else operator.merge(unit, frames)


def _check_below(below: Mapping[str, str], part: Statistics) -> None:
    for node, value in part.below.items():
        if below.get(node, value) != value:
            raise ValueError(
                f"statistics of {part.operators[node]} were made over two states of the operators below it, "
                f"{below[node][:12]} and {value[:12]}; make them anew with one fitted workflow."
            )


def _fitted(data: Mapping[str, Any]) -> FittedOperator:
    operator = Operator.from_dict(data)
    if not isinstance(operator, FittedOperator):
        raise TypeError(f"{operator} learns nothing")
    return operator

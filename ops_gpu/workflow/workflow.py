"""Workflow: a graph of feature operators, fitted once and applied to a million rows or to one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from ops_gpu.engines.dataset import Dataset, Together
from ops_gpu.engines.engine import Engine
from ops_gpu.engines.local import LocalEngine
from ops_gpu.graph.node import Node
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.primitives.content_hash import hash_json
from ops_gpu.schema.column import ColumnSchema
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.columns.coded_columns import CodedColumns
from ops_gpu.workflow.columns.numpy_path import NUMBERS, NumpyPath
from ops_gpu.workflow.columns.vocabulary import Codes, Vocabulary
from ops_gpu.workflow.compiler import Compiler, Runs
from ops_gpu.workflow.fitter import Fitter
from ops_gpu.workflow.partition_key import looks_across_rows
from ops_gpu.workflow.statistics import Statistics
from ops_gpu.workflow.training_transform import TrainingTransform
from ops_gpu.workflow.workflow_files import WorkflowFiles
from ops_gpu.workflow.workflow_graph import WorkflowGraph
from ops_gpu.workflow.workflow_state import WorkflowState

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame, Dataset)
Rows = pl.DataFrame | pl.LazyFrame | Dataset


class Workflow:
    """Turns raw columns into model inputs, by a graph of feature operators.

    Fitting goes by statistics that merge: `fit` reads all data, or `partial` is taken of each day and
    `finalize` of their merge; both give the same workflow. A fitted workflow that is finalized again keeps
    every code that it gave out, and appends.

    Args:
        node: the graph's last node; its columns are the output, in this order.
        schema: what is known of the raw columns (tags and properties); types come from the data.

    Example:
        >>> node = ["user_id", "item_id"] >> Categorify()
        >>> node = node + (["price"] >> FillMissing() >> Normalize())
        >>> workflow = Workflow(node).fit(Dataset("interactions/*.parquet"))
        >>> workflow.transform(pl.DataFrame({"user_id": [7], "item_id": [1], "price": [None]}))
    """

    def __init__(self, node: Node, schema: Schema | None = None) -> None:
        if not isinstance(node, Node):
            raise TypeError(f"a workflow is made of a node, got {node!r}; write columns >> operator.")
        self._graph = WorkflowGraph(node)
        self._known = schema or Schema()
        self._set_state(WorkflowState(), None)

    def _set_state(self, state: WorkflowState, statistics: Statistics | None) -> None:
        self._state = state
        self._statistics = statistics
        self._programs: dict[tuple[Any, ...], Runs] = {}
        self.__dict__.pop("_dropped", None)

    @classmethod
    def _of(
        cls, graph: WorkflowGraph, known: Schema, state: WorkflowState, statistics: Statistics | None = None
    ) -> Workflow:
        workflow = cls.__new__(cls)
        workflow._graph, workflow._known = graph, known
        workflow._set_state(state, statistics)
        return workflow

    def copy(self) -> Workflow:
        """Another workflow that knows the same; what one learns from here on, the other does not."""
        return Workflow._of(self._graph, self._known, self._state, self._statistics)

    @property
    def node(self) -> Node:
        """The graph's last node."""
        return self._graph.node

    @property
    def is_fitted(self) -> bool:
        """True when `transform` can be called."""
        return all(key in self._state.nodes for key in self._graph.fitted)

    @property
    def input_columns(self) -> list[str]:
        """Raw columns that `transform` reads."""
        return self._graph.input_columns

    @property
    def fit_columns(self) -> list[str]:
        """Raw columns that `fit` and `partial` read: those of `transform`, and the targets."""
        return self._graph.fit_columns

    @property
    def output_columns(self) -> list[str]:
        """Columns that `transform` gives, in order."""
        return [name for name in self._graph.node.names if name not in self._dropped]

    @cached_property
    def _dropped(self) -> set[str]:
        """Columns of too few values (`DropLowCardinality`); it takes the state to know them."""
        if not self._graph.drops or not self.is_fitted:
            return set()
        return {column.name for column in self._described_outputs() if column.properties.get("dropped")}

    @property
    def input_schema(self) -> Schema:
        """The raw columns that `transform` reads; ValueError before anything was seen of them."""
        columns = self._known.with_columns(self._described(column) for column in self._state.schema)
        missing = [name for name in self.input_columns if name not in columns]
        if missing:
            raise ValueError(f"nothing is known of column {missing[0]!r} yet; fit the workflow first.")
        return columns.select_by_name(self.input_columns)

    def _described(self, column: ColumnSchema) -> ColumnSchema:
        """A column as seen, with the tags and properties that were given for it."""
        if column.name not in self._known:
            return column
        known = self._known[column.name]
        return column.with_tags(known.tags).with_properties(known.properties)

    @property
    def output_schema(self) -> Schema:
        """The columns that `transform` gives: types, tags, cardinalities, embedding widths, list lengths."""
        return self._described_outputs().excluding(self._dropped)

    def _described_outputs(self) -> Schema:
        return self._state.output_schema(self._graph, self.input_schema)

    def partial(self, data: Rows, weight: int = 1, engine: Engine | None = None) -> Statistics:
        """Statistics of some rows, to be merged with those of others.

        Args:
            data: the rows, with all of `fit_columns` (take `for_inputs(columns)` for a table with fewer). Below
                groups, lags, sessions and histories, all rows of a key must be in one part.
            weight: 1; or 0 for rows that are no events but whose values must be known, such as the catalogue:
                they get codes, behind all values with events.
            engine: where to compute; this process by default.

        Returns:
            Statistics of this workflow.

        Raises:
            ValueError: when a column is missing, or a node stands above one that is not fitted yet: then call
                `fit`, which goes level by level, first.
        """
        if weight not in (0, 1):
            raise ValueError(f"weight is {weight}; expected 1, or 0 for rows that only register their values.")
        for node in self._graph.fitted.values():
            for key in self._graph.fitted_below(node):
                if key not in self._state.nodes:
                    below = self._graph.fitted[key].operator
                    raise ValueError(f"{node.operator} learns from {below}, which is not fitted; call fit first.")
        chosen = engine or LocalEngine()
        fitter, dataset = Fitter(self._graph, self._state), data if isinstance(data, Dataset) else Dataset(data)
        dataset.schema()
        with dataset.readable():
            return fitter.partial(dataset.lazy(), weight, chosen, fitter.jobs(list(self._graph.fitted)))

    def finalize(self, statistics: Statistics, keep_scales: bool = False) -> Workflow:
        """Fits the workflow from merged statistics; where it is fitted, codes stay and new ones are appended.

        What another learning node reads stays as it is (but for appended codes), so that statistics taken
        above it stay valid until the next full fit.

        Args:
            statistics: of this workflow, of all data (old and new).
            keep_scales: whether means and bounds of numbers that were learnt before stay too, as they must for models
                that were fitted by them.

        Returns:
            This workflow.

        Raises:
            ValueError: when the statistics are of another workflow, or lack a column.
        """
        if not self.takes(statistics):
            raise ValueError("the statistics were made by another workflow; make them anew with this one.")
        if not self._graph.is_whole():
            raise ValueError("a part made by for_inputs is not finalized; finalize the whole workflow.")
        frozen = set(self._graph.read_by_fitted()) if self.is_fitted else set()
        if keep_scales:
            frozen |= self._graph.scaling
        fitter = Fitter(self._graph, self._state)
        self._set_state(fitter.finalize(statistics, list(self._graph.fitted), frozen), statistics)
        return self

    def as_of(self, statistics: Statistics | None) -> Workflow:
        """This fitted workflow as it was known at a past moment: what labels, counts and groups teach is of these rows.

        Codes and scales stay what they are, so that rows of all moments can be read by one model.

        Args:
            statistics: of this workflow, of all rows before the moment; None for none, which leaves the prior.

        Returns:
            Another workflow; this one itself where nothing of it depends on the moment.

        Raises:
            ValueError: when the statistics are of another workflow, or lack a column.
        """
        if not self._graph.as_of:
            return self
        if statistics is None:
            targets = dict.fromkeys(self.fit_columns, pl.Float64())  # a workflow that was saved does not know theirs
            statistics = self.partial(pl.DataFrame(schema={**targets, **self._state.schema.polars_schema}))
        if not self.takes(statistics):
            raise ValueError("the statistics were made by another workflow; make them anew with this one.")
        return Workflow._of(self._graph, self._known, Fitter(self._graph, self._state).as_of(statistics))

    @property
    def as_of_nodes(self) -> frozenset[str]:
        """Keys of the nodes whose state is that of a moment, as in `Statistics.tables`."""
        return frozenset(self._graph.as_of)

    @property
    def as_of_columns(self) -> list[str]:
        """Output columns that depend on the moment (`as_of`)."""
        there = self.output_columns
        return [name for name in self._graph.as_of_outputs() if name in there]

    @property
    def as_of_scales(self) -> list[list[str]]:
        """Keys of the nodes that learn the scale of numbers which depend on the moment, level by level."""
        return self._graph.as_of_scales

    def with_scales(self, statistics: Statistics) -> Workflow:
        """This fitted workflow with other scales.

        Args:
            statistics: of the nodes whose scales they are, and of no others.

        Raises:
            ValueError: when they are of another workflow.
        """
        if not self.takes(statistics):
            raise ValueError("the statistics were made by another workflow; make them anew with this one.")
        state = Fitter(self._graph, self._state).finalize(statistics, list(statistics.tables), ())
        return Workflow._of(self._graph, self._known, state)

    def takes(self, statistics: Statistics) -> bool:
        """Whether statistics were made by a workflow of the same graph, so that `finalize` takes them."""
        return statistics.graph == self._graph.whole

    def merge(self, *statistics: Statistics) -> Workflow:
        """Fits the workflow from the statistics of several parts: `finalize` of their merge."""
        return self.finalize(Statistics.merge(statistics))

    def fit(self, data: Rows, engine: Engine | None = None, keep_codes: bool = False) -> Workflow:
        """Learns everything anew from all data, level by level where operators stand above fitted ones.

        Args:
            data: rows with all of `fit_columns`.
            engine: where to compute; this process by default.
            keep_codes: whether codes that were given out stay, and new ones come last, so that models that know them
                can go on, and with them the scales of numbers; all else is learnt anew in any case.

        Returns:
            This workflow.

        Raises:
            ValueError: when a column is missing.
        """
        dataset = data if isinstance(data, Dataset) else Dataset(data)
        there = dataset.schema().names()
        for name in self.input_columns:  # a target that is missing is told by the operator that learns from it
            if name not in there:
                raise ValueError(
                    f"the frame has no column {name!r}, which the workflow needs; it has {', '.join(there)}."
                )
        kept = self._graph.registering | self._graph.scaling if keep_codes else set()
        fitter = Fitter(self._graph, self._state.only(kept))
        self._set_state(*fitter.fit(dataset, engine or LocalEngine(), self._graph.scaling if keep_codes else ()))
        return self

    def update(self, data: Rows, engine: Engine | None = None) -> Workflow:
        """Learns from new rows beside the old ones, which are not read again; codes stay, new ones come last.

        Returns:
            This workflow.

        Raises:
            ValueError: when the statistics of the old rows are not there (saved without them).
        """
        across = [node for node in self._graph.fitted.values() if looks_across_rows(Node(None, node.parents))]
        if across:
            raise ValueError(
                f"{across[0].operator} learns from other rows of a key, which new rows change for old ones too; "
                "fit the workflow anew on all rows."
            )
        if self._statistics is None:
            raise ValueError("the workflow has no statistics of the rows before; fit it, or save it with them.")
        new = self.partial(data, engine=engine)
        fitter = Fitter(self._graph, self._state)
        frozen = self._graph.read_by_fitted()
        self._set_state(*fitter.extend(self._statistics, new, list(self._graph.fitted), frozen))
        return self

    @property
    def statistics(self) -> Statistics | None:
        """The statistics that the workflow was last fitted from, where they are known."""
        return self._statistics

    def transform(self, frame: Frame) -> Frame:
        """The output columns for rows of a frame, in their order: a function of each row and the state alone.

        Args:
            frame: has `input_columns`, of the types that were fitted; other columns are ignored. A frame,
                lazy or not, or a `Dataset`.

        Returns:
            The same kind. A dataset is transformed part by part when it is written (`to_parquet`).

        Raises:
            ValueError: when the workflow is not fitted, or a column is missing or of another type.
        """
        if isinstance(frame, Dataset):
            return frame.then(self.transform, self.input_columns, self._together(self._graph.node))
        if isinstance(frame, pl.LazyFrame):
            schema = frame.collect_schema()
            return self._program(schema.names(), schema.dtypes()).lazy(frame)
        return self._program(frame.columns, frame.dtypes).eager(frame)

    def _together(self, node: Node) -> Together:
        """Which rows must be seen at once."""
        return Fitter(self._graph, self._state).together([node])

    def _program(self, names: list[str], dtypes: list[pl.DataType]) -> Runs:
        signature = (*names, *dtypes)
        if signature not in self._programs:
            schema = dict(zip(names, dtypes, strict=True))
            node = Node(None, [self._graph.node], self.output_columns) if self._dropped else self._graph.node
            self._programs[signature] = Compiler(schema, self._state_of).transform(node)
        return self._programs[signature]

    def _state_of(self, node: Node) -> NodeState:
        return self._state.of(self._graph, node)

    def fit_transform(self, frame: Frame, engine: Engine | None = None) -> Frame:
        """Fits, and gives the output for the same rows, with targets encoded out of fold.

        Args:
            frame: rows with all of `fit_columns`: a frame, lazy or not, or a `Dataset`.
            engine: where to fit; this process by default.

        Returns:
            The same kind. A dataset is transformed part by part when it is written (`to_parquet`).
        """
        statistics = self.fit(frame, engine)._statistics
        assert statistics is not None
        transform = TrainingTransform(self._graph, self._state, statistics, self.output_columns)
        if not isinstance(frame, Dataset):
            return transform(frame)
        return frame.then(transform, together=self._together(self._graph.node))

    def for_inputs(self, columns: str | Iterable[str]) -> Workflow:
        """The part that is computable from these raw columns alone, with the state of this workflow.

        For the item tower's columns, for a user's, for the catalogue: statistics of the part merge with those
        of the whole. A later fit of the whole does not change the part.

        Args:
            columns: raw columns that there are; others than the workflow's are ignored.

        Raises:
            ValueError: when nothing can be computed from them.
        """
        return self._part(self._graph.for_inputs([columns] if isinstance(columns, str) else columns))

    def _part(self, graph: WorkflowGraph) -> Workflow:
        nodes = {key: self._state.nodes[key] for key in graph.fitted if key in self._state.nodes}
        return Workflow._of(graph, self._known, WorkflowState(self._state.schema, nodes, self._state.generations))

    def remove_inputs(self, columns: str | Iterable[str]) -> Workflow:
        """The part that is computable without these raw columns: for rows that lack them, such as the target.

        What stands on one of them goes with it: columns, and filters too, which then leave no rows out any more.
        NVTabular's changes the workflow itself; this one stays as it is.

        Raises:
            ValueError: when a column is no input, or nothing remains.
        """
        unwanted = [columns] if isinstance(columns, str) else list(columns)
        unknown = [name for name in unwanted if name not in self.fit_columns]
        if unknown:
            raise ValueError(f"the workflow reads no column {unknown[0]!r}; it reads {', '.join(self.fit_columns)}.")
        return self.for_inputs(name for name in self.input_columns if name not in unwanted)

    def get_subworkflow(self, columns: str | Iterable[str]) -> Workflow:
        """The part that gives these output columns alone, of the same rows, with the state of this workflow.

        Raises:
            ValueError: when there is no such output column.
        """
        return self._part(self._graph.for_outputs([columns] if isinstance(columns, str) else list(columns)))

    @property
    def _codes(self) -> CodedColumns:
        return CodedColumns(self._graph.node, self._state_of)

    def has_vocabulary(self, column: str) -> bool:
        """Whether the codes of an output column stand for values: those of crosses, hashes and ranges do not."""
        return self._codes.holds(column)

    def vocabulary(self, column: str) -> pl.Series:
        """Values of a categorified output column in code order: value `k` has code `first_code + k`."""
        return self._codes.values(column)

    def first_code(self, column: str) -> int:
        """The code of the first value in the vocabulary: 3, or more with `num_buckets`."""
        return self._codes.first_code(column)

    def invert(self, column: str, codes: pl.Series | npt.NDArray[np.integer[Any]]) -> pl.Series:
        """Values of codes; null for padding, null, out of vocabulary and what was never given out.

        Raises:
            ValueError: when the codes are no integers, or the column holds none.
        """
        return self._codes.invert(column, codes)

    def encode(self, column: str, values: npt.NDArray[Any]) -> Codes:
        """Codes of raw ids in numpy, in microseconds: what `transform` gives for them.

        Args:
            column: a categorified output column.
            values: any shape; integers of any size, or strings (fixed-width UTF-8 bytes, dtype `S`, or dtype `U`).

        Returns:
            int32 of the same shape.
        """
        return self.encoder(column).encode(values)

    def decode(self, column: str, codes: npt.NDArray[np.integer[Any]]) -> npt.NDArray[Any]:
        """Raw ids of codes: int64 or bytes (dtype `S`) of the same shape; -1 or empty where there is none."""
        return self.encoder(column).decode(codes)

    def encoded_from(self, column: str) -> str | None:
        """The raw column, of integers or strings, whose codes an output column holds and nothing else.

        `encode` gives the output column from it, and knows nothing of nulls.
        """
        return self._codes.source(column, self._state.schema)

    def numpy_path(self, column: str) -> NumpyPath | None:
        """How an output column of fractions follows from a raw one of numbers in numpy; None: it takes a plan."""
        if "float" not in self.output_schema[column].dtype:
            return None
        path = NumpyPath.of(self._graph.node, column, self._state_of)
        raw = path and self._state.schema[path.source]
        return path if raw and not raw.is_list and raw.dtype in NUMBERS else None

    def encoder(self, column: str) -> Vocabulary:
        """The ids and codes of a categorified output column: for who encodes again and again."""
        return self._codes.encoder(column)

    def hash(self) -> str:
        """SHA-256 (hexadecimal) of graph, raw columns and state: equal hashes give equal outputs."""
        return hash_json(
            {
                "whole": self._graph.whole,
                "graph": self._graph.node.to_dict(),
                "keys": self._graph.keys,
                "input_schema": self.input_schema.to_dict(),
                "state": self._state.hashes(),
            }
        )

    def save(self, directory: str | os.PathLike[str], statistics: bool = False) -> None:
        """Writes the workflow as JSON and Parquet into a folder: aside first, then renamed.

        Args:
            directory: the folder; an older one is replaced.
            statistics: whether to keep what `update` needs, too.
        """
        kept = self._statistics if statistics else None
        WorkflowFiles(self._graph, self.input_schema, self._state, kept).save(directory, self.hash())

    @staticmethod
    def load(directory: str | os.PathLike[str]) -> Workflow:
        """Reads what `save` wrote; ValueError where it is damaged, changed or of a newer format."""
        files, recorded = WorkflowFiles.load(directory)
        workflow = Workflow._of(files.graph, files.schema, files.state, files.statistics)
        if workflow.hash() != recorded:
            raise ValueError(
                f"{directory} was changed after it was saved (its content hash is {workflow.hash()[:12]}, "
                f"recorded is {recorded[:12]}); fit and save the workflow anew."
            )
        return workflow

    def __getstate__(self) -> dict[str, Any]:
        # What goes to the workers of a cluster transforms there, and learns nothing.
        return {**self.__dict__, "_programs": {}, "_statistics": None}

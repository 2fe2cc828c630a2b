"""Ensemble: the whole way from a user id to recommendations, as one graph of operators."""

from __future__ import annotations

import copy
import importlib
import json
import pkgutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops_gpu.graph.node import Node
from ops_gpu.primitives.atomic_file import write_text
from ops_gpu.schema.schema import Schema
from ops_gpu.tiered import StoreMetrics
from serving.ensemble.ensemble_plan import EnsemblePlan
from serving.ensemble.type_check import check_types
from serving.operators.base import STAGES, ServingOperator
from serving.release.release import Release
from serving.request.columns import Column, Columns
from serving.request.request import complete
from serving.request.request_bounds import check_limit

FILE = "ensemble.json"
FORMAT = 1


@dataclass(frozen=True)
class EnsembleAnswer:
    """What an ensemble gives for a batch.

    Args:
        columns: the columns of the graph's last node; row = user.
        stage_ms: milliseconds by stage, for the batch as a whole.
        steps: what each step of `Ensemble.plan` gave, in its order.
    """

    columns: Columns
    stage_ms: dict[str, float]
    steps: tuple[Mapping[str, Column], ...] = ()


class Ensemble:
    """A checked graph of serving operators.

    The same object answers single requests inside Triton and scores whole batches without a server. A
    graph is pure description; `bind` gives an ensemble that answers with the parts of one release, whose
    `operators` stand in the order of `plan.steps`.

    Args:
        node: last node of the graph; its columns are the answer.
        inputs: schema of the request's columns. A column with the property `default` may be left out, and
            its domain bounds what a request may say.

    Raises:
        TypeError: when a column has another type than the operator it goes to needs.
        ValueError: when an operator is not given a column that it needs, or a request may ask for lists of any length.

    Example:
        >>> answers = Ensemble.of(release).transform({"user_id": np.array([100, 101])})
        >>> len(answers["item_id"])
        2
        >>> features = Schema([ColumnSchema("age", "float32")])
        >>> user = ["user_id"] >> QueryHistoryStore("../../../histories/demo", features.to_dict())
        >>> seen = user >> EncodeHistory()
        >>> Ensemble(seen >> QueryPopular(10), Schema([ColumnSchema("user_id", "int64")])).outputs.names
        ['popular_item', 'popular_score']
    """

    def __init__(self, node: Node, inputs: Schema) -> None:
        check_limit(inputs)
        self.node = node
        self.inputs = inputs
        self.outputs = check_types(node, inputs)
        self.plan = EnsemblePlan.of(node)
        self.operators: tuple[ServingOperator, ...] = ()

    @classmethod
    def of(cls, release: Release, tolerant: bool = False) -> Ensemble:
        """The ensemble of a release, bound to it; see `bind`."""
        return cls.load(release.part(FILE)).bind(release, tolerant)

    def bind(self, release: Release, tolerant: bool = False, only: type[ServingOperator] = ServingOperator) -> Ensemble:
        """An ensemble of the same graph whose operators hold the parts of this release.

        Args:
            release: whose parts.
            tolerant: whether to answer, marked as degraded, where a feature store cannot be read. The default
                raises: who scores a batch wants no rows in it that only look like answers.
            only: operators of another class get nothing: for who needs some of them, and no answers.
        """
        bound = Ensemble(self.node, self.inputs)
        bound.operators = tuple(copy.copy(step.operator) for step in self.plan.steps)
        for operator in bound.operators:
            if isinstance(operator, only):
                (operator.bind_tolerantly if tolerant else operator.bind)(release)
        return bound

    def transform(self, batch: Columns) -> Columns:
        """The answer to a batch of users; see `run`."""
        return self.run(batch).columns

    def run(self, batch: Columns) -> EnsembleAnswer:
        """Answers a batch of users and takes the time of every stage.

        Args:
            batch: the columns of `inputs`, `[n]` each; ids as int64 or zero-padded UTF-8 bytes (`S`).

        Raises:
            ValueError: when the batch is not what `inputs` says.
            RuntimeError: when the ensemble is not bound to a release.
        """
        return self.answer(complete(batch, self.inputs))

    def answer(self, batch: Columns, known: Mapping[int, Columns] | None = None) -> EnsembleAnswer:
        """As `run`, for a batch that `serving.request.request.complete` has completed.

        Args:
            batch: the columns of `inputs`.
            known: what steps gave (by number, columns of the batch), which are then not taken.
        """
        known = known or {}
        if not self.operators:
            raise RuntimeError("This ensemble is a description only; bind it to a release first.")
        spent = dict.fromkeys(STAGES, 0.0)

        def apply(number: int, columns: Columns) -> Columns:
            if number in known:
                return known[number]
            operator = self.operators[number]
            start = time.perf_counter()
            result = operator.transform(columns)
            spent[operator.stage] += (time.perf_counter() - start) * 1e3
            return result

        result, steps = self.plan.run(batch, apply)
        return EnsembleAnswer(result, spent, steps)

    def store_metrics(self) -> dict[str, StoreMetrics]:
        """Where rows of tiered stores came from, by the operator that reads them."""
        told = {operator.name: operator.store_metrics() for operator in self.operators}
        return {name: metrics for name, metrics in told.items() if metrics is not None}

    def save(self, path: Path) -> None:
        """Writes graph and input schema as JSON: aside first, then renamed."""
        data = {"format": FORMAT, "inputs": self.inputs.to_dict(), "graph": self.node.to_dict()}
        write_text(path, json.dumps(data, indent=2) + "\n")

    @classmethod
    def load(cls, path: Path) -> Ensemble:
        """Reads what `save` wrote, and checks it again.

        Raises:
            ValueError: when the file is damaged, of another format, or names an unknown operator.
        """
        _register_operators()
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}, expected {FORMAT}")
            return cls(Node.from_dict(data["graph"]), Schema.from_dict(data["inputs"]))
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"{path} holds no ensemble that this program can run: {error}") from error


def _register_operators() -> None:
    """Imports the modules of all serving operators, which register their classes by name."""
    import serving.operators as package

    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

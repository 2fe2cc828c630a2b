"""WorkflowFiles: a workflow in a folder, as JSON for the graph and Parquet for what was learnt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import ops_gpu.operators  # noqa: F401  (registers the operators that a saved graph may name)
from ops_gpu.graph.node import Node, topological
from ops_gpu.operators.base.operator_state import NodeState
from ops_gpu.primitives.atomic_directory import atomic_directory
from ops_gpu.schema.schema import Schema
from ops_gpu.workflow.statistics import Statistics, check_format
from ops_gpu.workflow.workflow_graph import WorkflowGraph
from ops_gpu.workflow.workflow_state import WorkflowState

FORMAT = 1
READ_ERRORS = (
    *(OSError, KeyError, TypeError, AttributeError, IndexError),
    *(UnicodeDecodeError, json.JSONDecodeError, pl.exceptions.PolarsError),
)


@dataclass(frozen=True)
class WorkflowFiles:
    """The parts of a workflow that are kept: `workflow.json`, `state/*.parquet`, and maybe `statistics/`.

    Args:
        graph: the graph with its keys.
        schema: the raw columns with tags and properties.
        state: what was learnt.
        statistics: what it was learnt from, for `Workflow.update`; None where it is not kept.
    """

    graph: WorkflowGraph
    schema: Schema
    state: WorkflowState
    statistics: Statistics | None

    def save(self, directory: str | os.PathLike[str], content_hash: str) -> None:
        """Writes the folder aside, then renames it; TypeError, with nothing written, where an operator cannot be."""
        for node in topological(self.graph.node):
            if node.operator is not None:
                node.operator.check_saveable()
        with atomic_directory(directory, ["workflow.json", "state", "statistics"]) as folder:
            (folder / "state").mkdir()
            entries: list[dict[str, str]] = []
            for key, state in self.state.nodes.items():
                for unit, table in state.items():
                    entries.append({"node": key, "unit": unit, "file": f"state/{len(entries)}.parquet"})
                    table.write_parquet(folder / entries[-1]["file"])
            document = {
                "format": FORMAT,
                "hash": content_hash,
                "graph": self.graph.node.to_dict(),
                "keys": list(self.graph.keys),
                "whole": self.graph.whole,
                "schema": self.schema.to_dict(),
                "nodes": list(self.state.nodes),
                "generations": dict(self.state.generations),
                "state": entries,
                "statistics": self.statistics is not None,
            }
            text = json.dumps(document, indent=1, ensure_ascii=False)
            (folder / "workflow.json").write_text(text, encoding="utf-8")
            if self.statistics is not None:
                self.statistics.save(folder / "statistics")
        if self.statistics is not None:
            self.statistics.stored(Path(directory, "statistics"))

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> tuple[WorkflowFiles, str]:
        """Parts and recorded hash; ValueError where the folder is damaged or of a newer format."""
        folder = Path(directory)
        try:
            document = json.loads((folder / "workflow.json").read_text(encoding="utf-8"))
            check_format(folder, document, FORMAT)
            return cls._read(folder, document), str(document["hash"])
        except READ_ERRORS as error:
            raise ValueError(
                f"{folder} holds no readable workflow ({type(error).__name__}: {error}); save it anew."
            ) from error

    @classmethod
    def _read(cls, folder: Path, document: Mapping[str, Any]) -> WorkflowFiles:
        tables: dict[str, dict[str, pl.DataFrame]] = {key: {} for key in document["nodes"]}
        for entry in document["state"]:
            tables[entry["node"]][entry["unit"]] = pl.read_parquet(folder / entry["file"], glob=False)
        schema = Schema.from_dict(document["schema"])
        nodes = {key: NodeState(units) for key, units in tables.items()}
        return cls(
            WorkflowGraph(Node.from_dict(document["graph"]), document["keys"], document["whole"]),
            schema,
            WorkflowState(schema, nodes, dict(document["generations"].items())),
            Statistics.load(folder / "statistics") if document["statistics"] else None,
        )

"""The serving path, measured: one user over gRPC, many clients, a large catalogue, and what is no overhead.

What is no overhead is said twice: the calls as the server makes them (ONNX Runtime, rows read from SQLite), and the
same work by the libraries' own front doors (Keras through `tf.function`, Feast's `get_online_features`, Faiss).

Usage: python benchmarks/serving.py [RELEASE] [--items 200000] [--seconds 10] [--rounds 3]

RELEASE is the directory of a release, such as `.recsys/releases/demo/HASH` (the newest of the demo by default); its
feature store must be there. It is deployed on an embedded server of its own, as is a release of `--items` items with
models before training, whose index is the one that such a catalogue gets. All figures are medians of rounds; the load
generator runs on the same cores, its share is shown. In every round the same server is asked for nothing as well, by a
Python model that gives back what it was given: how busy the machine is shows there. Redeploying under load, the two
forms, and the tiered store have programs of their own: `redeploy.py`, `serving_forms.py`, `tiered_store.py`;
`serving_table.py` runs them all and holds what they find against what it must be.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import empty_model
from benchmarks.demo_release import add_release, chosen
from benchmarks.library_calls import LibraryCalls
from benchmarks.results import Figure, begin_run, fact, larger, smaller
from ops_gpu.candidates.nearest import SPARE
from serving.client.load_test import load_test
from serving.ensemble.ensemble import Ensemble
from serving.operators.features.query_feast import QueryFeast
from serving.operators.retrieval.query_faiss import QueryFaiss
from serving.operators.scoring.predict import Predict
from serving.release.release import Release
from serving.request.request import complete
from serving.triton.deployment.deployment import deploy
from serving.triton.deployment.smoke_test import request_for
from serving.triton.deployment.target import TritonTarget
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.server.server import TritonServer

K, WARM = 10, 2.0
USERS: list[Any] = list(range(1, 1001))
Calls = Callable[[Any, dict[str, Any]], Callable[[], Any] | None]


@dataclass(frozen=True)
class Served:
    """What was measured of one release.

    Args:
        p50_ms: one client, median of the rounds.
        p99_ms: likewise.
        requests_per_s: 16 clients.
        generator: share of all cores that the load generator took, 16 clients.
        stage_ms: medians at one client.
        kernels: bare calls by name, ms.
        libraries: the same work as the libraries do it, ms.
        empty_ms: a request that asks a Python model for nothing, one client.
        errors: requests that failed, in all rounds.
        items: in the catalogue.
        index: its kind and dimensions.
        recall: its recall@100.
    """

    p50_ms: float
    p99_ms: float
    requests_per_s: float
    generator: float
    stage_ms: dict[str, float]
    kernels: dict[str, float]
    libraries: dict[str, float]
    empty_ms: float
    errors: int
    items: int
    index: str
    recall: float

    @property
    def over_kernels(self) -> float:
        """Milliseconds by which the median answer takes longer than the bare calls as the server makes them."""
        return self.p50_ms - sum(self.kernels.values())

    @property
    def over_libraries(self) -> float:
        """Likewise, of the same calls as the libraries make them."""
        return self.p50_ms - sum(self.libraries.values())


def measure(release: Release, seconds: float, rounds: int, log: bool = True) -> Served:
    """Deploys a release on a server of its own and asks it; `log`: whether every decision is logged."""
    ensemble, users = Ensemble.of(release), USERS
    with tempfile.TemporaryDirectory() as folder:
        server = TritonServer(Path(folder, "triton"))
        try:
            settings = ModelSettings(decisions=str(Path(folder, "decisions")) if log else None)
            target = TritonTarget.embedded(server, settings)
            deploy(release, target, users[:6], ensemble)
            empty_model.place(server)
            load_test(target.grpc_url, release.name, users, K, 1, WARM)
            one, many, shares, nothing = [], [], [], []
            for _ in range(rounds):
                nothing.append(empty_model.median_ms(target.grpc_url, seconds / 4))
                one.append(load_test(target.grpc_url, release.name, users, K, 1, seconds))
                before, started = _spent(), time.perf_counter()
                many.append(load_test(target.grpc_url, release.name, users, K, 16, seconds))
                cores = psutil.cpu_count() or 1
                shares.append((_spent() - before) / (time.perf_counter() - started) / cores)
        finally:
            server.stop()
    found = next(operator for operator in ensemble.operators if isinstance(operator, QueryFaiss))._index
    middle = sorted(one, key=lambda result: result.summary()["p50_ms"])[len(one) // 2]
    return Served(
        statistics.median(result.summary()["p50_ms"] for result in one),
        statistics.median(result.summary()["p99_ms"] for result in one),
        statistics.median(result.summary()["requests_per_s"] for result in many),
        statistics.median(shares),
        middle.stages(),
        kernels(ensemble, users, _bare),
        kernels(ensemble, users, LibraryCalls(release)),
        statistics.median(nothing),
        sum(result.errors for result in (*one, *many)),
        len(found.items.values),
        f"{found.kind} x {found.index.d}",
        found.recall,
    )


def measure_large(items: int, seconds: float, rounds: int) -> Served:
    """As `measure`, of a release that has as many items, and the demo's four stages with models before training."""
    from tests.serving.whole_release import whole_release

    sizes = {"two_tower": 90, "popular": 0, "co_occurrence": 50}
    with tempfile.TemporaryDirectory() as folder:
        whole = whole_release(Path(folder), users=2_000, items=items, events=400_000, dimension=64, **sizes)
        return measure(whole.release, seconds, rounds)


def kernels(ensemble: Ensemble, users: list[Any], calls: Calls) -> dict[str, float]:
    """The calls that one request cannot do without, timed alone, one after another: medians in ms."""
    times: dict[str, list[float]] = {}
    for user in users[:300]:
        batch = complete(request_for(ensemble, [user], K), ensemble.inputs)
        answer = ensemble.answer(batch)
        for number, operator in enumerate(ensemble.operators):
            call = calls(operator, ensemble.plan.given(number, batch, answer.steps))
            if call is not None:
                call()
                start = time.perf_counter()
                call()
                spent = (time.perf_counter() - start) * 1e3
                times.setdefault(f"{number} {type(operator).__name__}", []).append(spent)
    return {name: statistics.median(values) for name, values in times.items()}


def _bare(operator: Any, columns: dict[str, Any]) -> Callable[[], Any] | None:
    if isinstance(operator, QueryFaiss):
        vectors = np.ascontiguousarray(columns[operator.vector])
        return lambda: operator._index.search(vectors, SPARE * operator.size)
    if isinstance(operator, Predict):
        arrays = [getattr(columns[need.column], "values", columns[need.column]) for need in operator.takes]
        return lambda: operator.predict(arrays)
    if isinstance(operator, QueryFeast):
        return lambda: operator._read(columns["user_id"])
    return None


def _spent() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system)


def show(found: dict[str, Served], out: Console) -> None:
    """One table of all releases, one of bare calls."""
    table = Table(title="Served over gRPC, 10 items a list", title_justify="left", box=None)
    for column in (
        "release",
        "items",
        "index",
        "p50 ms",
        "p99 ms",
        "empty ms",
        "over bare calls",
        "over libraries",
        "16 clients, 1/s",
        "generator",
    ):
        table.add_column(column)
    for name, one in found.items():
        table.add_row(
            name,
            f"{one.items:,}",
            f"{one.index}, recall@100 {one.recall:.3f}",
            f"{one.p50_ms:.2f}",
            f"{one.p99_ms:.2f}",
            f"{one.empty_ms:.2f}",
            f"{one.over_kernels:.2f} ms",
            f"{one.over_libraries:.2f} ms",
            f"{one.requests_per_s:,.0f}",
            f"{one.generator:.0%}",
        )
    out.print(table)
    for name, one in found.items():
        stages, bare, libraries = (
            ", ".join(f"{key} {value:.3f}" for key, value in times.items())
            for times in (one.stage_ms, one.kernels, one.libraries)
        )
        out.print(f"{name}: stages {stages} ms; bare calls {bare} ms; by the libraries {libraries} ms", soft_wrap=True)
    first = next(iter(found.values()))
    for name, one in list(found.items())[1:]:
        out.print(f"{name}: p50 {one.p50_ms / first.p50_ms:.2f} x that of {first.items:,} items")


def figures(name: str, found: Served) -> list[Figure]:
    """The same as numbers."""
    return [
        fact(f"{name}, items", found.items),
        larger(f"{name}, recall@100", found.recall),
        smaller(f"{name}, p50", found.p50_ms, "ms"),
        smaller(f"{name}, p99", found.p99_ms, "ms"),
        fact(f"{name}, empty", found.empty_ms, "ms"),
        smaller(f"{name}, over bare calls", found.over_kernels, "ms"),
        smaller(f"{name}, over libraries", found.over_libraries, "ms"),
        larger(f"{name}, 16 clients", found.requests_per_s, "requests/s"),
        fact(f"{name}, load generator's share of all cores", found.generator),
        smaller(f"{name}, failed", found.errors),
        *(smaller(f"{name}, stage {stage}", value, "ms") for stage, value in found.stage_ms.items()),
        *(smaller(f"{name}, bare call {call}", value, "ms") for call, value in found.kernels.items()),
        *(fact(f"{name}, library call {call}", value, "ms") for call, value in found.libraries.items()),
    ]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_release(parser)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    out, run = Console(width=150), begin_run(__file__)
    path = chosen(given)
    found = {}
    with out.status("measuring the release ..."):
        release = Release.open(path)
        found["demo"] = measure(release, given.seconds, given.rounds)
        found["demo, nothing logged"] = measure(release, given.seconds, given.rounds, log=False)
    if given.items:
        with out.status(f"building and measuring {given.items:,} items ..."):
            found["large"] = measure_large(given.items, given.seconds, given.rounds)
    show(found, out)
    run.keep([figure for name, one in found.items() for figure in figures(name, one)])


if __name__ == "__main__":
    main()

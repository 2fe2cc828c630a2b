"""One release in both forms, `fused` and Triton's own `ensemble`, on one embedded server.

Usage: python benchmarks/serving_forms.py [RELEASE] [--users FILE] [--seconds 5] [--rounds 5]

RELEASE is the directory of a release, such as `.recsys/releases/demo/HASH` (the newest of the demo by default); its
feature store must be there. FILE has one user id a line; by default these are 1 to 1,000. All forms are loaded at once
and measured in turn, round after round, so that they share whatever else the machine does; shown are medians of the
rounds. What a step adds is how much later the median answer comes than from `fused`, divided by the number of models
that there are more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.demo_release import add_release, chosen
from benchmarks.results import Figure, begin_run, fact, larger, smaller
from serving.client.load_test import load_test
from serving.release.release import Release
from serving.request.recommendation import Id
from serving.triton.control.http_control import HttpControl
from serving.triton.control.process import processes_of
from serving.triton.repository.export import export
from serving.triton.repository.layout_settings import LayoutSettings
from serving.triton.repository.model_settings import ModelSettings
from serving.triton.repository.names import models_of
from serving.triton.server.backends import PROGRAMS
from serving.triton.server.server import TritonServer

FORMS = {
    "fused": LayoutSettings(),
    "ensemble": LayoutSettings("ensemble"),
    "ensemble, by stage": LayoutSettings("ensemble", "stage"),
}
ONE, MANY = 1, 16
"""Clients that ask at once."""


@dataclass
class FormResult:
    """What was measured of one form.

    Args:
        models: Triton models that a request goes through, without the name that applications call.
        load_s: seconds from the model files to the first answer.
        pss_mb: memory of its processes, what they share counted in parts.
        rounds: by number of clients, the percentiles in ms and the requests per second of each round.
        generator: share of all cores that the load generator took, in each round of many clients.
    """

    models: int
    load_s: float
    pss_mb: float
    rounds: dict[int, list[dict[str, float]]] = field(default_factory=lambda: {ONE: [], MANY: []})
    generator: list[float] = field(default_factory=list)

    def median(self, clients: int, value: str) -> float:
        """Median of the rounds, of `p50_ms`, `p99_ms`, `requests_per_s` or `errors`."""
        return statistics.median(one[value] for one in self.rounds[clients])

    def step_ms(self, fused: FormResult) -> float:
        """Milliseconds that a model more adds to the median answer; NaN for `fused` itself."""
        more = self.models - fused.models
        later = self.median(ONE, "p50_ms") - fused.median(ONE, "p50_ms")
        return later / more if more else float("nan")


def compare(
    release: Release, users: Sequence[Id], folder: Path, seconds: float = 5.0, rounds: int = 5, k: int = 10
) -> dict[str, FormResult]:
    """Deploys a release in all forms on a server of its own, and asks them in turn.

    Args:
        release: with its feature store.
        users: whom to ask for, one a request.
        folder: of the server; what is written there is left.
        seconds: of one measurement; there are two (1 and 16 clients) a form and round.
        rounds: measurements of each form.
        k: items a list.
    """
    server = TritonServer(folder)
    try:
        url = server.start().grpc_url
        results = {name: _loaded(release, server, name) for name in FORMS}
        for _ in range(rounds):
            for name, result in results.items():
                for clients in (ONE, MANY):
                    started, spent = time.perf_counter(), time.process_time()
                    summary = load_test(url, _called(name), users, k, clients, seconds).summary()
                    result.rounds[clients].append(summary)
                used = (time.process_time() - spent) / (time.perf_counter() - started)
                result.generator.append(used)
    finally:
        server.stop()
    return results


def show(results: dict[str, FormResult], cores: int) -> None:
    """Prints a table; `cores` are those of the machine."""
    table = Table(title="one user a request; medians of all rounds")
    titles = ["form", "models", "load s", "PSS MB", "p50 ms", "p99 ms", "a step adds ms"]
    for title in (*titles, f"req/s, {MANY} clients", "p50 ms", "load generator", "errors"):
        table.add_column(title, justify="left" if title == "form" else "right")
    for name, result in results.items():
        one, many = ([f"{result.median(c, f'p{p}_ms'):.2f}" for p in (50, 99)] for c in (ONE, MANY))
        errors = sum(one["errors"] for each in result.rounds.values() for one in each)
        share = statistics.median(result.generator) / cores
        step = f"{result.step_ms(results['fused']):.2f}" if result.models > 1 else ""
        facts = [str(result.models), f"{result.load_s:.1f}", f"{result.pss_mb:.0f}", *one, step]
        rate = f"{result.median(MANY, 'requests_per_s'):.0f}"
        table.add_row(name, *facts, rate, many[0], f"{share:.0%} of {cores} cores", f"{errors:.0f}")
    Console(width=150).print(table)


def figures(results: dict[str, FormResult]) -> list[Figure]:
    """The same as numbers."""
    found = []
    for name, result in results.items():
        found += [
            fact(f"{name}, models", result.models),
            smaller(f"{name}, loaded in", result.load_s, "s"),
            smaller(f"{name}, PSS", result.pss_mb, "MB"),
            smaller(f"{name}, p50", result.median(ONE, "p50_ms"), "ms"),
            smaller(f"{name}, p99", result.median(ONE, "p99_ms"), "ms"),
            larger(f"{name}, {MANY} clients", result.median(MANY, "requests_per_s"), "requests/s"),
            smaller(f"{name}, {MANY} clients, p50", result.median(MANY, "p50_ms"), "ms"),
            smaller(f"{name}, failed", sum(one["errors"] for each in result.rounds.values() for one in each)),
        ]
        if result.models > 1:
            found.append(smaller(f"{name}, a step adds", result.step_ms(results["fused"]), "ms"))
    return found


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_release(parser)
    parser.add_argument("--users", type=Path)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    run = begin_run(__file__)
    users: list[Id] = list(range(1, 1001))
    if given.users:
        users = list(given.users.read_text(encoding="utf-8").split())
    with tempfile.TemporaryDirectory(prefix="forms-") as folder:
        results = compare(Release.open(chosen(given)), users, Path(folder), given.seconds, given.rounds)
    show(results, os.cpu_count() or 1)
    run.keep(figures(results))


def _loaded(release: Release, server: TritonServer, name: str) -> FormResult:
    control = HttpControl(server.folder)
    before, started = _memory(server), time.perf_counter()
    model = export(release, server.repository, FORMS[name].form, ModelSettings(form=FORMS[name]), name=_called(name))
    control.load(_called(name))
    seconds = time.perf_counter() - started
    control.close()
    return FormResult(max(1, len(models_of(server.repository, model))), seconds, _memory(server) - before)


def _memory(server: TritonServer) -> float:
    return sum(process.memory_full_info().pss for process in processes_of(server.folder, PROGRAMS)) / 1e6


def _called(form: str) -> str:
    return form.replace(", ", "_").replace(" ", "_")


if __name__ == "__main__":
    main()

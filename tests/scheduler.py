"""Which tests run on one worker, and which begin."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

SHARED = {
    "tiny": (
        "tests/test_end_to_end.py",
        "tests/test_daemon_repair.py",
        "tests/recsys_assets/checks/test_judged_models.py",
        "tests/recsys_assets/assets/test_arrows.py",
        "tests/recsys_assets/checks/test_models.py",
        "tests/recsys_assets/explore/test_browser.py",
    ),
    "served": (
        "tests/serving/triton/test_hostile_events.py",
        "tests/serving/triton/test_parity.py",
        "tests/serving/triton/test_six_cases.py",
    ),
}
"""Files whose tests share what takes long to make, by its fixture."""
GROUPS = {file: fixture for fixture, files in SHARED.items() for file in files}
FIRST = ("tests/test_daemon.py", "tiny")
"""What takes longest begins, so that no worker is left with it alone at the end."""


class Scheduler(LoadScopeScheduling):
    """A file's tests stay together, for they share servers, and so do files that share even more."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return GROUPS.get(file, file)

    def _assign_work_unit(self, node: Any) -> None:
        for scope in reversed(FIRST):
            if scope in self.workqueue:
                self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = ("tensorflow", "keras", "keras_rs", "feast", "mlflow", "faiss", "matplotlib", "distributed")
PROGRAM = f"""
import sys, time
import dagster
begun = time.process_time()
import recsys_assets.definitions as module
seconds = time.process_time() - begun
import json
keys = sorted(key.to_user_string() for key in module.defs.resolve_asset_graph().get_all_asset_keys())
print(json.dumps({{"seconds": seconds, "heavy": [n for n in {HEAVY!r} if n in sys.modules], "keys": keys}}))
"""


def test_loading_is_quick_and_imports_nothing_heavy(tmp_path: Path) -> None:
    # Only our share of the time is taken, as processor time, so that a busy machine does not fail the test.
    environment = {"PATH": "/usr/bin:/bin", "RECSYS_HOME": str(tmp_path)}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment, cwd=root
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["heavy"] == []
    assert found["seconds"] < 1.5
    assert "demo/interactions" in found["keys"]

from __future__ import annotations

import os

from serving.triton.server.backends import server_environment


def test_the_server_keeps_what_it_is_given_and_finds_its_libraries() -> None:
    made = server_environment({"OMP_NUM_THREADS": "1", "PATH": "/somewhere", "LD_LIBRARY_PATH": "/mine"})
    assert made["OMP_NUM_THREADS"] == "1"
    assert made["PATH"].split(os.pathsep)[-1] == "/somewhere"
    assert made["LD_LIBRARY_PATH"].split(os.pathsep)[-1] == "/mine"


def test_the_metrics_folder_of_whoever_starts_the_server_is_left_out() -> None:
    # It is removed with its process; models loaded later would look for it.
    given = {
        "PROMETHEUS_MULTIPROC_DIR": "/gone",
        "PROMETHEUS_MULTIPROCESS_DIR": "/gone",
        "prometheus_multiproc_dir": "/g",
    }
    assert not [name for name in server_environment(given) if "prometheus" in name.lower()]

"""Supervisor: starts a server again when it dies, and loads what was live."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

from filelock import FileLock, Timeout

from serving.triton.control.http_control import QUICK, HttpControl
from serving.triton.control.server_state import ServerState
from serving.triton.control.triton_error import TritonError
from serving.triton.repository.names import CONFIG
from serving.triton.repository.restore import restore_beside, restore_models
from serving.triton.server.backoff import Backoff
from serving.triton.server.process_watch import ProcessWatch
from serving.triton.server.server_process import PRIVATE, ServerProcess

log = logging.getLogger("keeper")
LOCK = "keeper.lock"
TICK, STARTING = 2.0, 0.1
"""Seconds between two looks at the models; between two looks at a server that is starting."""
STUCK, NEVER_ANSWERED = 15.0, 60.0
"""Seconds of silence after which a server is given up."""
SETTLED, LONGEST_PAUSE = 60.0, 15.0
UNLOADED_WITHIN = 2.0


def is_kept(folder: Path) -> bool:
    """Whether a keeper runs for this folder (`<home>/triton`)."""
    try:
        with FileLock(folder / LOCK, blocking=False):
            return False
    except Timeout:
        return True


class Supervisor:
    """Watches the server of one home until it is stopped for good, which ends the keeper first.

    A server that dies, or does not answer any more, is started again at its ports, at once the first time
    and after longer and longer pauses when that does not help; then all recommenders are loaded that its
    repository names. A model whose backend process died is loaded anew, before a request finds out: Triton
    2.45 would take the whole server down.

    Args:
        folder: `<home>/triton`, absolute.
    """

    def __init__(self, folder: Path) -> None:
        self._process = ServerProcess(folder)
        self._failures = 0

    def run(self) -> None:
        """Keeps the server until its state is removed; returns at once where another keeper runs."""
        try:
            held = FileLock(self._process.folder / LOCK, blocking=False).acquire()
        except Timeout:
            return
        with held:
            while (state := ServerState.last(self._process.state_file)) is not None:
                try:
                    self._keep(state)
                except Exception:  # whatever it is, a keeper goes on
                    log.exception("Something unforeseen")
                    time.sleep(1.0)

    def _keep(self, state: ServerState) -> None:
        began = time.monotonic()
        if state.alive():
            self._watch(state)
            self._failures = 0 if time.monotonic() - began > SETTLED else self._failures + 1
        else:
            time.sleep(min(LONGEST_PAUSE, 2.0 ** (self._failures - 1)) if self._failures > 1 else 0.0)
            self._start_again(state)

    def _start_again(self, state: ServerState) -> None:
        with self._process.locked():
            if ServerState.last(self._process.state_file) != state:
                return  # somebody has started or stopped it meanwhile
            log.warning("The server (process %d) has ended; it is started again.", state.pid)
            self._process.end(0.0)  # of its backend processes; they would wait for it in vain
            ports = (state.grpc_port, state.metrics_port)
            self._process.launch(ports, {k: v for k, v in os.environ.items() if k != "PYTHONPATH"})

    def _watch(self, state: ServerState) -> None:
        """Returns when the server has ended."""
        try:
            watch = ProcessWatch(state.pid)
        except ProcessLookupError:
            return
        control, postponed = HttpControl(self._process.folder), Backoff()
        pause, deadline = STARTING, time.monotonic() + NEVER_ANSWERED
        try:
            while watch.wait(pause):
                if control.live():
                    pause, deadline = TICK, time.monotonic() + STUCK
                    self._mend(state, control, watch, postponed)
                elif time.monotonic() > deadline:
                    log.warning("The server (process %d) does not answer; it is ended.", state.pid)
                    os.kill(state.pid, signal.SIGKILL)
                    return
        finally:
            watch.close()

    def _mend(self, state: ServerState, control: HttpControl, watch: ProcessWatch, postponed: Backoff) -> None:
        repository = self._process.repository
        try:
            for model in _dead(repository, control, watch):
                if not _replaced(model, control):
                    log.warning("Requests wait in it for ever; the server (process %d) is ended.", state.pid)
                    os.kill(state.pid, signal.SIGKILL)
                    return
            problems = restore_models(repository, control, wait=False, skip=postponed.now())
            problems |= restore_beside(repository, control, skip=postponed.now())
        except TritonError as error:
            log.warning("%s", error)
            return
        for name, problem in problems.items():
            log.warning("%s cannot be loaded, next try in %.0f s: %s", name, postponed.add(name), problem)


def _dead(repository: Path, control: HttpControl, watch: ProcessWatch) -> list[str]:
    """Models that have fewer backend processes than instances, and yet are said to be ready."""
    loaded = {path.parent.name for path in repository.glob(f"*/{CONFIG}")}
    wanted = {model: control.processes(model) for model in loaded}
    living = watch.living()
    # Asked again: one that a deployment has unloaded meanwhile is not missed.
    return [model for model, count in wanted.items() if living[model] < count and control.ready(model)]


def _replaced(model: str, control: HttpControl) -> bool:
    """Loads a model anew whose backend process died; false where it cannot even be unloaded.

    A request that was with the dead process is found out after a second, and Triton falls over it, sometimes
    only after half a minute. Unloading waits for such requests: where it takes too long, there is one.
    """
    log.warning("A backend process of %s has died; it is loaded anew.", model)
    control.unload(model, QUICK)
    deadline = time.monotonic() + UNLOADED_WITHIN
    while not control.unloaded(model):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    control.load(model)
    return True


def main() -> None:
    """`python -m serving.triton.keeper FOLDER`."""
    folder = Path(sys.argv[1]).resolve()
    os.umask(PRIVATE)
    handler = RotatingFileHandler(folder / "keeper.log", maxBytes=1_000_000, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    Supervisor(folder).run()

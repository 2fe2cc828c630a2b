"""The Triton server that travels in the nvidia-pytriton wheel, made ready to run."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from serving.triton.server.closed_server import closed_server
from serving.triton.tensors.size_check import TOLD

SERVER = "tritonserver"
STUB = "triton_python_backend_stub"
KEEPER = "serving.triton.keeper"
PROGRAMS = (KEEPER, SERVER, STUB)
"""Programs that belong to one home."""
METRICS_FOLDER = frozenset({"PROMETHEUS_MULTIPROC_DIR", "PROMETHEUS_MULTIPROCESS_DIR"})
"""Variables that Feast sets when it is imported."""


def wheel_folder() -> Path:
    """Folder of the server inside the installed wheel.

    Raises:
        FileNotFoundError: when nvidia-pytriton, or its stub for this Python version, is not there.
    """
    spec = find_spec("pytriton")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "The embedded Triton server comes from the package nvidia-pytriton, which is not installed; "
            "install it, or give the address of a server of your own."
        )
    folder = Path(spec.origin).parent / "tritonserver"
    if not _stub(folder).exists():
        raise FileNotFoundError(
            f"nvidia-pytriton {version('nvidia-pytriton')} has no Python backend stub for Python "
            f"{sys.version_info.major}.{sys.version_info.minor} ({_stub(folder)}); use a Python it supports."
        )
    return folder


def assemble_backends(folder: Path) -> Path:
    """Puts the Python backend, the stub of the running Python version and the server into one directory.

    The wheel keeps them apart and without run bits, and its server open (see `closed_server`). The directory is built
    aside and renamed; one that was assembled from the same wheel by the same Python is kept.

    Args:
        folder: where the directory shall be (`<home>/triton/backends`).

    Returns:
        `folder`, fit for `--backend-directory`; it holds the program `SERVER` too.
    """
    stamp = f"nvidia-pytriton {version('nvidia-pytriton')} python {sys.version_info[:2]}, closed"
    if (folder / "assembled").exists() and (folder / "assembled").read_text(encoding="utf-8") == stamp:
        return folder
    wheel = wheel_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".backends-", dir=folder.parent))
    shutil.copytree(wheel / "backends" / "python", aside / "python")
    shutil.copy(_stub(wheel), aside / "python" / STUB)
    (aside / SERVER).write_bytes(closed_server((wheel / "bin" / SERVER).read_bytes()))
    for file in (aside / SERVER, aside / "python", *(aside / "python").iterdir()):
        file.chmod(0o700)
    (aside / "assembled").write_text(stamp, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)
    return folder


def server_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Variables with which the server finds its libraries, and its stubs find this Python environment.

    The directory of libpython comes first: with another libpython of the same version taken instead,
    importing Feast fails with an undefined symbol. The stub looks up `python3` on `PATH` to find the
    environment's packages; it runs isolated, so `PYTHONPATH` and its like would be ignored.

    Importing Feast names a folder for metrics in the environment, which is removed when the importing process
    ends; the server outlives it, and no model of a later release could be loaded, so these are left out.

    Args:
        given: what the server shall have besides; paths are put behind ours.
    """
    libpython = sysconfig.get_config_var("LIBDIR")
    wheel_libraries = wheel_folder().parent.parent / "nvidia_pytriton.libs"
    kept = {name: value for name, value in given.items() if name.upper() not in METRICS_FOLDER}
    return {
        **kept,
        TOLD: "1",
        "LD_LIBRARY_PATH": _joined(libpython, wheel_libraries, given.get("LD_LIBRARY_PATH")),
        "PATH": _joined(Path(sys.executable).parent, given.get("PATH", os.defpath)),
    }


def _stub(wheel: Path) -> Path:
    return wheel / "python_backend_stubs" / f"{sys.version_info.major}.{sys.version_info.minor}" / STUB


def _joined(*parts: str | Path | None) -> str:
    return os.pathsep.join(dict.fromkeys(str(part) for part in parts if part))

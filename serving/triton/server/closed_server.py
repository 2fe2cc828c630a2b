"""The server's program without the methods by which others could run code in it.

Whoever reaches the gRPC port of a Triton server may load a model, which brings its own code, name files to write, and
have memory read. Triton locks such methods with a key that stands on its command line, where every user of the machine
reads it; and 2.45 takes headers of any length and letters, so that there is no key that could not be sent. So these
methods get other names, drawn anew for every copy of the program, that nobody knows and nobody needs: the owner's own
processes ask for the same over HTTP, at a socket in a folder that is theirs alone.
"""

from __future__ import annotations

import secrets
import string

SERVICE = b"/inference.GRPCInferenceService/"
CLOSED = (
    *("RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload", "TraceSetting", "LogSettings"),
    *(f"{kind}SharedMemory{verb}" for kind in ("System", "Cuda") for verb in ("Status", "Register", "Unregister")),
)
"""Methods of the service that nobody may call."""


def closed_server(program: bytes) -> bytes:
    """The program with other names in the place of those of `CLOSED`, and nothing else changed.

    Args:
        program: `tritonserver`, which holds the full name of every method once.

    Raises:
        ValueError: when it does not, and so could not be closed.
    """
    for method in CLOSED:
        name = SERVICE + method.encode() + b"\0"
        if program.count(name) != 1:
            raise ValueError(
                f"The tritonserver of nvidia-pytriton names the method {method} {program.count(name)} times, expected "
                "once, so that other users could load models into it; install the version that constraints.txt names."
            )
        # From the front: the end of a text may be shared with a shorter text, the beginning never is.
        other = "".join(secrets.choice(string.ascii_letters) for _ in range(len(SERVICE) - 2))
        program = program.replace(name, b"/" + other.encode() + b"/" + name[len(SERVICE) :])
    return program

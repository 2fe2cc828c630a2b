"""Whatever a library throws while one file is read is the LogError of that file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ops_gpu.logs.errors.log_error import LogError, first_line


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turns every failure of the work on one file into a sentence that names it, so that it takes nobody down.

    A panic of Rust code counts as a failure, though it is no `Exception`. A LogError stays as it is; so do a lack of
    memory, and what ends the process or the caller's loop, which no file is to blame for.

    Args:
        path: the file, for the message.

    Raises:
        LogError: in the place of what was thrown.
    """
    try:
        yield
    except (LogError, MemoryError):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and not is_panic(error):
            raise
        raise LogError(
            f"'{path}' cannot be read as declared ({type(error).__name__}: {first_line(error)}); mend the file, or "
            f"write or copy it here again."
        ) from error


def is_panic(error: BaseException) -> bool:
    """Whether Rust code panicked: each library built with PyO3 has a class of this name, which is a BaseException."""
    return type(error).__name__ == "PanicException"

"""FilePart: a file of a log, or the blocks of it that are wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops_gpu.logs.files.blocks import Block
from ops_gpu.logs.files.listing import LogFile
from ops_gpu.logs.files.source import LogSource

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class FilePart:
    """What is to be read of a file.

    Args:
        file: the file.
        blocks: those that are wanted, in order; None for all that the file holds.
    """

    file: LogFile
    blocks: Sequence[Block] | None = None

    def read(self, source: LogSource, columns: Collection[str], ids: Collection[str] = ()) -> tuple[pl.DataFrame, int]:
        """Reads the wanted columns, `ids` among them; see `read_file`.

        Raises:
            LogError: as `read_file`.
        """
        from ops_gpu.logs.files.reader import read_file, read_part

        if not self.blocks:
            return read_file(self.file, source, columns, ids=ids)
        data = b"".join(self.file.read(block.start, block.end) for block in self.blocks)
        return read_part(self.file, source, data, self.blocks[0].start, columns, ids)

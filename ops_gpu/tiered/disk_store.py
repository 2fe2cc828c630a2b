"""Stores on disk: building them, and opening them with memory before RocksDB."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ops_gpu.primitives.atomic_directory import atomic_directory
from ops_gpu.tiered.followed_store import FollowedStore
from ops_gpu.tiered.rows.keys import KeyType
from ops_gpu.tiered.rows.row_format import RowFormat
from ops_gpu.tiered.rows.store_error import StoreError
from ops_gpu.tiered.rows.store_settings import StoreSettings
from ops_gpu.tiered.store_description import FILE, StoreDescription
from ops_gpu.tiered.tiered_store import TieredStore
from ops_gpu.tiered.tiers.change_log import ChangeLog
from ops_gpu.tiered.tiers.memory_tier import MemoryTier
from ops_gpu.tiered.tiers.rocks_options import rocks_options
from ops_gpu.tiered.tiers.rocks_tables import Batches, TableWriter, Written, take_over
from ops_gpu.tiered.tiers.rocks_tier import RocksTier

if TYPE_CHECKING:
    from rocksdict import AccessType, Rdict

Mode = Literal["read", "write", "follow"]
DATABASE = "database"


def build_store(
    path: str | os.PathLike[str], keys: KeyType, rows: RowFormat, batches: Batches, mutable: bool = False
) -> None:
    """Writes a store: a folder that is there as a whole or not at all.

    Args:
        path: the folder; a store that lies there is replaced.
        keys: what keys are.
        rows: the format of rows, with the default row.
        batches: keys and columns, rising from batch to batch; see `TableWriter.write`.
        mutable: whether the store may be written to later. One that may not is plain files, which any number of
            processes open without writing into the folder.

    Raises:
        ValueError: when keys or columns do not fit, or come in another order.
        FileExistsError: when the folder holds something else.

    Example:
        >>> rows = RowFormat.of_dtype(np.dtype([("vector", "f4", (16,))]))
        >>> build_store("vectors", KeyType.INT64, rows, [(np.arange(1000), {"vector": vectors})])
    """
    with atomic_directory(path, [FILE, "rows-*.sst", DATABASE, "changes"]) as folder:
        written = TableWriter(folder, keys, rows).write(batches)
        if mutable:
            _fill_database(folder, written)
        files = {} if mutable else written.files
        StoreDescription(keys, rows, files, mutable, written.rows, written.mean_bytes).save(folder)


def open_store(path: str | os.PathLike[str], settings: StoreSettings | None = None, mode: Mode = "read") -> TieredStore:
    """Opens a store.

    Args:
        path: its folder.
        settings: memory and the rest.
        mode: `read` for a store that never changes; of one that does, `write` for the one process that writes
            (and may read), `follow` for all others.

    Raises:
        StoreError: when it is missing, half written, damaged, or another process is writing to it.
        ValueError: when the memory is too small, or the mode does not suit the store.
    """
    folder, settings = Path(path).resolve(), settings or StoreSettings()
    description = StoreDescription.load(folder)
    if description.mutable == (mode == "read"):
        suits = "mode='write' or mode='follow'" if description.mutable else "mode='read'"
        raise ValueError(f"{folder} cannot be opened with mode={mode!r}; open it with {suits}.")
    try:
        disk = (
            _files(folder, description, settings)
            if mode == "read"
            else _database(folder, description, settings, mode == "write")
        )
    except Exception as error:  # RocksDict's errors are plain exceptions
        raise StoreError(f"The store in {folder} cannot be opened ({error}).") from error
    reserved, count = disk.reserved_bytes, None if description.mutable else description.count
    try:
        memory = MemoryTier(
            settings.memory_bytes - reserved, description.rows, description.keys, description.mean_bytes, count
        )
    except ValueError as error:
        disk.close()
        told_of = f"Of memory_bytes = {settings.memory_bytes:,}, {reserved:,} go to RocksDB"
        raise ValueError(f"{told_of}: {error}") from error
    if mode == "follow":
        return FollowedStore(memory, disk, description, folder, settings)
    return TieredStore([memory, disk], description.keys, description.rows, settings.background_above)


def _fill_database(folder: Path, written: Written) -> None:
    from rocksdict import AccessType

    (folder / DATABASE).mkdir()
    database = _rdict(folder / DATABASE, StoreSettings(), AccessType.read_write(), create=True)
    try:
        take_over(database, [folder / name for name in written.files])
    finally:
        database.close()


def _files(folder: Path, told: StoreDescription, settings: StoreSettings) -> RocksTier:
    """A database of this process alone, in a temporary folder, around links to the store's files."""
    from rocksdict import AccessType

    scratch = Path(tempfile.mkdtemp(prefix="store-"))
    remove = partial(shutil.rmtree, scratch, ignore_errors=True)
    try:
        database = _rdict(scratch / DATABASE, settings, AccessType.read_write(), create=True)
        links = [scratch / name for name in told.files]
        for link in links:
            link.symlink_to(folder / link.name)
        take_over(database, links)
    except BaseException:
        remove()
        raise
    return RocksTier(database, str(folder), told.rows, settings, on_close=remove)


def _database(folder: Path, told: StoreDescription, settings: StoreSettings, writes: bool) -> RocksTier:
    from rocksdict import AccessType

    if writes:
        database = _rdict(folder / DATABASE, settings, AccessType.read_write())
        return RocksTier(database, str(folder), told.rows, settings, ChangeLog(database, folder, True), True)
    scratch = tempfile.mkdtemp(prefix="store-")
    remove = partial(shutil.rmtree, scratch, ignore_errors=True)
    try:
        database = _rdict(folder / DATABASE, settings, AccessType.secondary(scratch))
        changes = ChangeLog(database, folder, False)
    except BaseException:
        remove()
        raise
    return RocksTier(database, str(folder), told.rows, settings, changes, on_close=remove)


def _rdict(folder: Path, settings: StoreSettings, access: AccessType, create: bool = False) -> Rdict:
    from rocksdict import Rdict

    options = rocks_options(settings)
    options.create_if_missing(create)
    if not create and not (folder / "CURRENT").is_file():
        raise StoreError(f"{folder} is no database; build the store anew")
    # Without column families RocksDict would take the options of the rows from the database's own file.
    return Rdict(str(folder), options, {"default": options}, access)

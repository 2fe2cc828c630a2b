"""Answering several batches in one pass, so that none suffers for another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from ops_gpu.primitives.ragged import Ragged
from serving.ensemble.ensemble_plan import Place
from serving.request.columns import Column
from serving.triton.tensors.column_pack import ColumnPack

A = TypeVar("A")


def jointly(
    packs: Sequence[ColumnPack | Exception], most: int, answer: Callable[[Sequence[ColumnPack]], Sequence[A]]
) -> list[A | Exception]:
    """Answers to all packs, in passes of few users; one by one where a pass fails, to find the one to blame.

    Args:
        packs: with the same columns; an error in the place of a pack is its answer. Only neighbours are joined whose
            rows have one shape (a request may bring more values of an input than others).
        most: users of one pass; a pack of more gets a pass to itself.
        answer: answers some packs in one pass.
    """
    answers: list[A | Exception] = []
    for part in _passes(packs, most):
        answers += _attempted(part, answer) if not isinstance(part, Exception) else [part]
    return answers


def joined(packs: Sequence[ColumnPack]) -> dict[Place, Column]:
    """The columns of one batch of all users; text of different widths takes the widest."""
    if len(packs) == 1:
        return dict(packs[0].columns)
    return {place: _concatenated([pack.columns[place] for pack in packs]) for place in packs[0].columns}


def rows(column: Column, start: int, stop: int) -> Column:
    """Those of some users."""
    return column.between(start, stop) if isinstance(column, Ragged) else column[start:stop]


def _attempted(
    packs: Sequence[ColumnPack], answer: Callable[[Sequence[ColumnPack]], Sequence[A]]
) -> list[A | Exception]:
    try:
        return list(answer(packs))
    except Exception as error:
        if len(packs) == 1:
            return [error]
        return [single for pack in packs for single in _attempted([pack], answer)]


def _passes(packs: Sequence[ColumnPack | Exception], most: int) -> Iterator[list[ColumnPack] | Exception]:
    """Neighbours together, as long as they are few enough; errors by themselves."""
    part: list[ColumnPack] = []
    for pack in packs:
        if part and (isinstance(pack, Exception) or not _fits(part, pack, most)):
            yield part
            part = []
        if isinstance(pack, Exception):
            yield pack
        else:
            part.append(pack)
    if part:
        yield part


def _fits(part: Sequence[ColumnPack], pack: ColumnPack, most: int) -> bool:
    return sum(map(len, part)) + len(pack) <= most and _shapes(part[0]) == _shapes(pack)


def _shapes(pack: ColumnPack) -> list[tuple[int, ...]]:
    return [column.shape[1:] for column in pack.columns.values() if not isinstance(column, Ragged)]


def _concatenated(columns: Sequence[Column]) -> Column:
    if isinstance(columns[0], Ragged):
        lists = [column for column in columns if isinstance(column, Ragged)]
        lengths = np.concatenate([column.lengths for column in lists])
        return Ragged.from_lengths(np.concatenate([column.values for column in lists]), lengths)
    return np.concatenate([np.asarray(column) for column in columns])

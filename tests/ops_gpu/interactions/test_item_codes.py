from __future__ import annotations

import numpy as np
import pytest

from ops_gpu.interactions.item_codes import check_codes


def test_positions_are_let_through() -> None:
    check_codes(np.array([0, 4, 2], np.int32), 5)
    check_codes(np.empty(0, np.int32), 0)


@pytest.mark.parametrize("code", [5, -1, 2**31 - 1, -(2**31)])
def test_what_no_array_holds_is_refused(code: int) -> None:
    with pytest.raises(IndexError, match=r"expected item codes from 0 to 4, got .* encode items"):
        check_codes(np.array([1, code], np.int32), 5)

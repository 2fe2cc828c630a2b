from __future__ import annotations

import pytest

from serving.triton.deployment.signature_check import check_columns
from serving.triton.deployment.signature_error import SignatureError

USER, PRICE = ("input", "user_id", 5, (1,)), ("input", "context_max_price", 12, (1,))


def test_columns_that_differ_are_named() -> None:
    check_columns({USER, PRICE}, {PRICE, USER})
    with pytest.raises(SignatureError) as caught:
        check_columns({USER, PRICE}, {USER, ("input", "context_country", 2, (256,))})
    assert "it alone has input 'context_max_price' (FP64 [1]); it lacks input 'context_country' (UINT8 [256])" in str(
        caught.value
    )

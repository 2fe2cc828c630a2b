from .backtest import evaluate_as_of
from .comparison import compare
from .evaluate import Evaluation, evaluate
from .protocol import Protocol

__all__ = [
    "Evaluation",
    "Protocol",
    "compare",
    "evaluate",
    "evaluate_as_of",
]

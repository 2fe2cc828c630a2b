from .backtest import evaluate_as_of
from .comparison import compare
from .evaluate import Evaluation, evaluate
from .evaluation_protocol import EvaluationProtocol

__all__ = [
    "Evaluation",
    "EvaluationProtocol",
    "compare",
    "evaluate",
    "evaluate_as_of",
]

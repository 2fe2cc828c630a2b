"""The same ensemble with the exact top k in the place of its ordering, to compare what comes before that."""

from __future__ import annotations

from ops_gpu.graph.node import Node, topological
from serving.ensemble.ensemble import Ensemble
from serving.operators.ordering.ordering import Ordering
from serving.operators.ordering.softmax_sampling import SoftmaxSampling


def exact_order(ensemble: Ensemble) -> Ensemble:
    """A description of the same graph, not bound, that puts candidates in the exact order of their scores.

    A list that is built item by item, or drawn at random, answers a difference of one rounding with another list;
    the order of scores does not.

    Args:
        ensemble: any; its request stays the same.
    """
    built: dict[int, Node] = {}
    for node in topological(ensemble.node):
        operator = SoftmaxSampling() if isinstance(node.operator, Ordering) else node.operator
        built[id(node)] = Node(operator, [built[id(parent)] for parent in node.parents], node.names)
    return Ensemble(built[id(ensemble.node)], ensemble.inputs)

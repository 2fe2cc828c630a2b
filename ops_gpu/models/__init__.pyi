from .contract import Cost, DenseRetriever, Network, Ranker, Retriever, SparseRetriever
from .ranking.dlrm import Dlrm
from .ranking.dlrm_config import DlrmConfig
from .retrieval.item_knn import ItemKnn
from .retrieval.item_knn_config import ItemKnnConfig
from .retrieval.two_tower import TwoTower
from .retrieval.two_tower_config import TwoTowerConfig

__all__ = [
    "Cost",
    "DenseRetriever",
    "Dlrm",
    "DlrmConfig",
    "ItemKnn",
    "ItemKnnConfig",
    "Network",
    "Ranker",
    "Retriever",
    "SparseRetriever",
    "TwoTower",
    "TwoTowerConfig",
]

from .base import Need, ServingOperator
from .features.encode_history import EncodeHistory
from .features.join_events import JoinEvents
from .features.lookup_items import LookupItems
from .features.mark_degraded import MarkDegraded
from .features.query_feast import QueryFeast
from .features.query_history_store import QueryHistoryStore
from .features.query_users import QueryUsers
from .features.recent_items import RecentItems
from .features.transform_workflow import TransformWorkflow
from .features.unroll_features import UnrollFeatures
from .filtering.filter_candidates import FilterCandidates
from .ordering.boost_candidates import BoostCandidates
from .ordering.calibrated_ordering import CalibratedOrdering
from .ordering.category_quotas import CategoryQuotas
from .ordering.decode_items import DecodeItems
from .ordering.greedy_ordering import GreedyOrdering
from .ordering.maximal_marginal_relevance import MaximalMarginalRelevance
from .ordering.ordering import Ordering
from .ordering.popular_fallback import PopularFallback
from .ordering.softmax_sampling import SoftmaxSampling
from .retrieval.candidate_source import CandidateSource
from .retrieval.predict_implicit import PredictImplicit
from .retrieval.query_co_occurrence import QueryCoOccurrence
from .retrieval.query_faiss import QueryFaiss
from .retrieval.query_history import QueryHistory
from .retrieval.query_item_weights import QueryItemWeights
from .retrieval.query_popular import QueryPopular
from .retrieval.score_co_occurrence import ScoreCoOccurrence
from .retrieval.score_item_weights import ScoreItemWeights
from .retrieval.union_candidates import UnionCandidates
from .scoring.predict import Predict
from .scoring.predict_forest import PredictForest
from .scoring.predict_pytorch import PredictPyTorch
from .scoring.predict_tensorflow import PredictTensorflow
from .scoring.ranking_features import RankingFeatures

__all__ = [
    "BoostCandidates",
    "CalibratedOrdering",
    "CandidateSource",
    "CategoryQuotas",
    "DecodeItems",
    "EncodeHistory",
    "FilterCandidates",
    "GreedyOrdering",
    "JoinEvents",
    "LookupItems",
    "MarkDegraded",
    "MaximalMarginalRelevance",
    "Need",
    "Ordering",
    "PopularFallback",
    "Predict",
    "PredictForest",
    "PredictImplicit",
    "PredictPyTorch",
    "PredictTensorflow",
    "QueryCoOccurrence",
    "QueryFaiss",
    "QueryFeast",
    "QueryHistory",
    "QueryHistoryStore",
    "QueryItemWeights",
    "QueryPopular",
    "QueryUsers",
    "RankingFeatures",
    "RecentItems",
    "ScoreCoOccurrence",
    "ScoreItemWeights",
    "ServingOperator",
    "SoftmaxSampling",
    "TransformWorkflow",
    "UnionCandidates",
    "UnrollFeatures",
]

from .client.async_client import AsyncRecommenderClient
from .client.client import RecommenderClient
from .client.recommender_error import RecommenderError
from .ensemble.ensemble import Ensemble
from .release.release import Release
from .request.event import Event

__all__ = [
    "AsyncRecommenderClient",
    "Ensemble",
    "Event",
    "RecommenderClient",
    "RecommenderError",
    "Release",
]

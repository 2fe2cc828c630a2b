"""RecommenderError: what both clients raise."""

from __future__ import annotations


class RecommenderError(RuntimeError):
    """Why there is no answer, in a sentence that names the server, the recommender and what to do.

    Example:
        >>> try:
        ...     client.recommend(7, k=5)
        ... except RecommenderError as error:
        ...     print(error)
    """

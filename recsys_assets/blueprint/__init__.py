"""What every asset of a recommender knows."""

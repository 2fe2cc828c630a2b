"""What the feature store keeps of users: who has changed since, and what they did."""

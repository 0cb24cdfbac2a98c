"""A Ray cluster: replicas of models in processes of their own, asked with lists of requests."""

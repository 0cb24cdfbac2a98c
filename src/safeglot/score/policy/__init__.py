"""A release policy: its rules, what a run shows of each, and the decision."""

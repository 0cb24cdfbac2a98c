"""The page of published averages with and without some categories."""

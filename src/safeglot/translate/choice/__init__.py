"""The choice among candidates, their outcomes, and ratings of people."""

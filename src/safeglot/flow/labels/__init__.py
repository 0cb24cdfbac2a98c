"""Human labels: answers are drawn, labels read back, progress and cost counted."""

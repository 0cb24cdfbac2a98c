"""What can be seen in an answer without a judge, and the class that a verdict gives it."""

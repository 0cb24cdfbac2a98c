"""The traits of an answer that need no judge, and the class that a verdict gives it."""

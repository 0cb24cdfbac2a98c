"""What people read of a run or translation set: the page, the terminal, results.json."""

"""What a release policy says of a run: for a terminal, a pull request and a test report."""

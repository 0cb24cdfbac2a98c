"""Reading the answers of a run for the app: all of them as columns, and the texts of single ones."""

"""The local app: pages to read, label and rate, filled from the folder of a run or a set."""

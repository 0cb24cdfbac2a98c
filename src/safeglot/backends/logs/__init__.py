"""The logs of other tools, read as rows of one shape: an answer each, under our names and theirs."""

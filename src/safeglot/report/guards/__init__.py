"""What a test of guards found, in sentences and rows: terminal and report share it."""

"""The database of a run: its schema, its rows, all SQL, and the export."""

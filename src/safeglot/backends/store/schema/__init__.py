"""The tables of a database: what they are, were and may hold."""

"""Everything that touches the world: files, databases, servers, models in process, the terminal."""

"""From a run's database to its estimates, one module a subject of `score`."""

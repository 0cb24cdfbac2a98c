"""The stages brought to a run's folder, arranged as the pipeline."""

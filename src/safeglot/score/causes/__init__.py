"""The causes of a gap: translation, model and judge."""

"""Translation quality, translators and the gate against safety."""

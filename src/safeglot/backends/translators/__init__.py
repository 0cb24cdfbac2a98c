"""Machine translators that run on this machine."""

"""The local app: a server of pages for one person on this machine."""

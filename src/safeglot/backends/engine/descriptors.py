"""Open files: forty endpoints with 64 requests each are more than the 1,024 that a process may have at first."""

from __future__ import annotations

import contextlib

_OWN = 256
"""What a process has open beside its connections."""


def allow_connections(count: int) -> None:
    """Raise the limit of open files for so many connections, as far as the system lets anyone do it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = count + _OWN if hard == unlimited else min(count + _OWN, hard)
    if soft != unlimited and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

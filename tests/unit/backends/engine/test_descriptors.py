from __future__ import annotations

import subprocess
import sys

import pytest

LIMITED = """
import resource
from safeglot.backends.engine.descriptors import allow_connections
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (300, {hard}))
allow_connections({count})
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("count", "hard", "now"), [(10, 600, 300), (200, 600, 456), (5000, 600, 600)]
)
def test_the_limit_is_raised_as_far_as_it_may_be_and_never_lowered(count, hard, now):
    """In a process of its own: a limit that was lowered stays."""
    code = LIMITED.format(count=count, hard=hard)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == now

"""What holds for all tests."""

import contextlib
import os
import signal
import tempfile

with contextlib.suppress(ImportError):  # the environment of tests/extras is without
    from hypothesis import HealthCheck, settings

    # Nothing that a busy machine can fail: no deadline, no bound on how long data take to make.
    settings.register_profile(
        "safeglot",
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    settings.load_profile("safeglot")

# A test run in the background of a shell inherits an ignored SIGINT, and so would the programs
# that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What the user named is noted in a folder of the user: not in that of whoever runs the tests.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="safeglot-state-")

import os
import subprocess
import sys
import textwrap
import time

import pytest

from safeglot.backends import workers


def test_as_many_processes_as_cores_and_none_is_left(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 2)
    with workers.pool() as pool:
        assert list(pool.map(abs, [-3, 2, -1])) == [3, 2, 1]
        started = list(pool._processes)
        assert len(started) == 2
        assert os.getpid() not in started
    assert all(not _runs(pid) for pid in started)


def test_never_more_than_the_most(monkeypatch):
    monkeypatch.setattr(workers, "MOST", 1)
    with workers.pool() as pool:
        assert list(pool.map(abs, [-1] * 9)) == [1] * 9
        assert len(pool._processes) == 1


def test_an_error_of_the_work_comes_back():
    with workers.pool() as pool, pytest.raises(ValueError, match="invalid literal"):
        list(pool.map(int, ["1", "x"]))


KILLED = """
    import os, sys, time
    from safeglot.backends import workers

    if __name__ == "__main__":
        with workers.pool() as pool:
            pool.submit(abs, 1).result()
            print(*pool._processes, flush=True)
            time.sleep(60)
"""


def test_workers_leave_with_their_parent(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(KILLED), "utf-8")
    with subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        started = [int(pid) for pid in parent.stdout.readline().split()]
        assert started
        assert all(_runs(pid) for pid in started)
        parent.kill()
    until = time.monotonic() + 20
    while any(_runs(pid) for pid in started) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_runs(pid) for pid in started)


def _runs(pid):
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()[:1] not in ("", "Z")

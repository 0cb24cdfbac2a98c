import os
import subprocess
import sys
import textwrap

import pytest

from safeglot.backends.engine import workers
from waiting import until


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers share no memory")
def test_workers_begin_with_the_modules_of_their_work():
    # a module that cannot be imported would be passed over in silence
    loaded = "[name in __import__('sys').modules for name in {}]"
    names = (workers.SHARED, "safeglot.flow.translation.checks", "safeglot.flow.measure.answers")
    with workers.pool() as pool:
        assert pool.submit(eval, loaded.format(names)).result() == [True] * 3


KILLED = """
    import os, sys, time
    from safeglot.backends.engine import workers

    if __name__ == "__main__":
        with workers.pool() as pool:
            pool.submit(abs, 1).result()
            print(*pool._processes, flush=True)
            time.sleep(600)
"""


UNSHARED = """
    import sys
    from safeglot.backends.engine import workers

    if __name__ == "__main__":
        workers.SHARED = sys.argv[1]
        try:
            with workers.pool() as pool:
                print(pool.submit(abs, -1).result())
        except workers.NONE_START:
            print("none start")
"""


def test_workers_leave_with_their_parent(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(KILLED), "utf-8")
    with subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        started = [int(pid) for pid in parent.stdout.readline().split()]
        assert started
        started += _children(parent.pid)  # and what they are copies of
        assert all(_runs(pid) for pid in started)
        parent.kill()
    until(lambda: not any(_runs(pid) for pid in started))


@pytest.mark.skipif(sys.platform != "linux", reason="workers share memory on Linux")
def test_workers_share_what_they_were_copied_with():
    with workers.pool() as pool:
        there = f"{workers.SHARED!r} in __import__('sys').modules"
        assert pool.submit(eval, there).result()


@pytest.mark.parametrize(("shared", "told"), [("missing", "1\n"), ("broken", "none start\n")])
@pytest.mark.skipif(sys.platform != "linux", reason="workers share memory on Linux")
def test_workers_that_can_share_nothing(tmp_path, shared, told):
    (tmp_path / "broken.py").write_text("raise RuntimeError('no memory to share')", "utf-8")
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(UNSHARED), "utf-8")
    done = subprocess.run(
        [sys.executable, program, shared],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout) == (0, told), done.stderr


def _children(pid):
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]


def _runs(pid):
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()[:1] not in ("", "Z")

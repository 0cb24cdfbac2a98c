"""Several addresses of one model: all are used, one may go, and no number knows of it."""

from __future__ import annotations

import threading
import tomllib

import pytest

from e2e.runs import GUARD, LANGUAGES, TARGET, safeglot, scripted, write_prompts
from loopback import Fault, Loopback
from waiting import until

N = 20
TOTAL = N * len(LANGUAGES)


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, ("crime_tax", "hate_women"))


def slow(_seen):
    return Fault(delay_s=0.02)


def command(prompts, out, *addresses, judge=()):
    given = ["run", "--prompts", prompts, "--target", TARGET, "--judge", GUARD, "--out", out]
    for address in addresses:
        given += ["--base-url", address]
    for address in judge:
        given += ["--judge-base-url", address]
    return given


def test_all_replicas_are_asked_and_results_are_those_of_one_server(prompts, tmp_path):
    with Loopback(scripted({})) as one:
        done = safeglot(*command(prompts, tmp_path / "alone", one.base_url))
        assert done.returncode == 0, done.stderr
    with Loopback(scripted({}, fault=slow)) as one, Loopback(scripted({}, fault=slow)) as two:
        done = safeglot(*command(prompts, tmp_path / "both", one.base_url, two.base_url))
        assert done.returncode == 0, done.stderr
        asked = [len(server.requests) for server in (one, two)]
    assert sum(asked) == 2 * TOTAL
    assert min(asked) > TOTAL / 2
    results = [(tmp_path / name / "results.json").read_bytes() for name in ("alone", "both")]
    assert results[0] == results[1]
    table = tomllib.loads((tmp_path / "both" / "run.toml").read_text("utf-8"))
    assert table["target"][0]["base_url"] == [one.base_url, two.base_url]


def test_a_replica_that_dies_costs_nothing(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({}, fault=slow)) as stays, Loopback(scripted({}, fault=slow)) as dies:

        def stop() -> None:
            until(lambda: len(dies.requests) >= 20)
            dies.stop()

        threading.Thread(target=stop, daemon=True).start()
        arguments = command(prompts, out, stays.base_url, dies.base_url)
        done = safeglot(*arguments, "--concurrency", "4", "--retries", "1")
        assert done.returncode == 0, done.stderr
        assert "missing" not in done.stderr
        n_done = len(stays.requests)
        done = safeglot(*arguments)
        assert done.returncode == 0, done.stderr
        assert len(stays.requests) == n_done, "nothing was missing"


def test_a_replica_that_refuses_the_key_is_told_and_costs_nothing(prompts, tmp_path):
    refuse = scripted({}, fault=lambda _seen: Fault(status=401, message="no such key"))
    with Loopback(scripted({})) as well, Loopback(refuse) as refusing:
        both = (well.base_url, refusing.base_url)
        done = safeglot(*command(prompts, tmp_path / "run", *both, judge=both[:1]))
        assert done.returncode == 0, done.stderr
        assert f"{refusing.base_url}: stopped" in done.stderr
        assert "Its replicas go on." in done.stderr
        assert len(well.requests) == 2 * TOTAL


def test_where_all_replicas_are_gone_the_run_stops_and_goes_on_elsewhere(prompts, tmp_path):
    out = tmp_path / "run"
    judging = Loopback(scripted({}))
    with judging, Loopback(scripted({}, fault=slow)) as one, Loopback(scripted({}, fault=slow)) as two:  # fmt: skip

        def stop() -> None:
            for server in (one, two):
                until(lambda server=server: len(server.requests) >= 10)
                server.stop()

        threading.Thread(target=stop, daemon=True).start()
        given = command(prompts, out, one.base_url, two.base_url, judge=[judging.base_url])
        done = safeglot(*given, "--patience", "1", "--concurrency", "2")
        assert done.returncode == 4, done.stderr
        assert one.base_url in done.stderr
        assert two.base_url in done.stderr
        with Loopback(scripted({})) as new:
            given = ["run", out / "run.toml", "--base-url", new.base_url]
            done = safeglot(*given, "--judge-base-url", judging.base_url)
            assert done.returncode == 0, done.stderr
            assert 0 < len(new.requests) < TOTAL


def test_doctor_asks_each_replica_of_a_file(tmp_path):
    file = tmp_path / "study.toml"
    with Loopback() as one, Loopback() as two:
        file.write_text(
            f'[[target]]\nmodel = "vllm/target"\nbase_url = ["{one.base_url}", "{two.base_url}"]\n'
        )
        done = safeglot("doctor", file)
    assert done.returncode == 0, done.stderr
    assert one.base_url in done.stdout
    assert two.base_url in done.stdout

"""Endpoints that are not there, go away or refuse the key, beside others that work: each stands for itself."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter

import pytest

from e2e.runs import LANGUAGES, safeglot, scripted, write_prompts
from loopback import Fault, Loopback
from waiting import until

N = 8
TOTAL = N * len(LANGUAGES)


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, ("crime_tax", "hate_women"))


@pytest.fixture
def nowhere():
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def study(tmp_path, prompts, judge, **targets):
    """Write a configuration with a target at each address; return the command that runs it."""
    tables = [f'[[target]]\nmodel = "vllm/{name}"\nbase_url = "{at}"\n' for name, at in targets.items()]  # fmt: skip
    file, out = tmp_path / "study.toml", tmp_path / "run"
    file.write_text(
        f'prompts = "{prompts}"\nout = "{out}"\nbootstrap = 0\n{"".join(tables)}'
        f'[[judge]]\njudge = "llama-guard-3=vllm/guard"\nbase_url = "{judge}"\n'
    )
    return ["run", file]


def micro(out, model):
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    return next(
        (row["n"], row["missing"])
        for row in rows
        if (row["metric"], row["model"], row["language"]) == ("safety_micro", model, "en")
    )


def test_a_dead_endpoint_beside_one_that_works_costs_its_own_answers_only(prompts, tmp_path, nowhere):  # fmt: skip
    with Loopback(scripted({})) as server:
        command = study(tmp_path, prompts, server.base_url, one=server.base_url, two=nowhere)
        done = safeglot(*command)
        assert done.returncode == 3, done.stderr
        assert (
            done.stderr.count(f"{nowhere}: stopped after the same error") == 2
        )  # at once, at the end
        assert "Traceback" not in done.stderr
        assert (tmp_path / "run" / "report.html").exists()
        assert micro(tmp_path / "run", "vllm/one") == (N, 0)
        assert micro(tmp_path / "run", "vllm/two") == (0, N)
        assert len(server.requests) == 2 * TOTAL


def test_what_a_dead_endpoint_lacks_is_asked_once_it_is_there(prompts, tmp_path, nowhere):
    with Loopback(scripted({})) as server:
        assert safeglot(*study(tmp_path, prompts, server.base_url, one=server.base_url, two=nowhere)).returncode == 3  # fmt: skip
        before = len(server.requests)
        done = safeglot(*study(tmp_path, prompts, server.base_url, one=server.base_url, two=server.base_url))  # fmt: skip
        assert done.returncode == 0, done.stderr
        asked = Counter(seen.model for seen in server.requests[before:])
        assert (asked["one"], asked["two"]) == (0, TOTAL)


def test_an_endpoint_that_is_lost_stops_the_run_once_the_others_are_done(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as server:
        with Loopback(scripted({}, fault=lambda _seen: Fault(delay_s=0.05))) as lost:
            command = study(tmp_path, prompts, server.base_url, one=server.base_url, two=lost.base_url)  # fmt: skip
            command += ["--patience", "1", "--concurrency", "2"]

            def stop() -> None:
                until(lambda: len(lost.requests) >= 10)
                lost.stop()

            threading.Thread(target=stop, daemon=True).start()
            done = safeglot(*command)
        assert done.returncode == 4, done.stderr
        assert f"{lost.base_url}: stopped after the same error" in done.stderr
        assert "(--patience)" in done.stderr
        assert "Run the same command again to go on" in done.stderr
        assert not (out / "results.json").exists()
        asked = [seen for seen in server.requests if seen.model == "one"]
        assert len(asked) == TOTAL, "the other goes to its end"
        with Loopback(scripted({})) as back:
            done = safeglot(*study(tmp_path, prompts, server.base_url, one=server.base_url, two=back.base_url))  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert 0 < len(back.requests) < TOTAL
    assert micro(out, "vllm/two") == (N, 0)


def test_a_judge_that_is_lost_leaves_the_answers_and_the_run_goes_on_later(prompts, tmp_path):
    with Loopback(scripted({})) as server:
        with Loopback(scripted({}, fault=lambda _seen: Fault(delay_s=0.05))) as lost:
            command = study(tmp_path, prompts, lost.base_url, one=server.base_url)

            def stop() -> None:
                until(lambda: len(lost.requests) >= 8)
                lost.stop()

            threading.Thread(target=stop, daemon=True).start()
            done = safeglot(*command, "--patience", "1", "--concurrency", "2")
        assert done.returncode == 4, done.stderr
        assert f"{TOTAL} of {TOTAL} answers" in done.stderr
        assert len(server.requests) == TOTAL
        done = safeglot(*study(tmp_path, prompts, server.base_url, one=server.base_url))
        assert done.returncode == 0, done.stderr
        assert {seen.model for seen in server.requests[TOTAL:]} == {"guard"}


def test_a_run_whose_lost_endpoint_is_still_away_ends_with_4_again(prompts, tmp_path, nowhere):
    with Loopback(scripted({})) as server:
        with Loopback(scripted({})) as first:
            command = study(tmp_path, prompts, server.base_url, one=server.base_url, two=first.base_url)  # fmt: skip
            few = ("--budget-tokens", "150", "--concurrency", "2")
            assert safeglot(*command, *few).returncode == 4
            assert any(seen.model == "two" for seen in first.requests)
        done = safeglot(*study(tmp_path, prompts, server.base_url, one=server.base_url, two=nowhere))  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert nowhere in done.stderr


@pytest.mark.parametrize("status", [401, 402, 404])
def test_a_wrong_key_no_money_or_a_wrong_name_at_one_endpoint_stops_that_one(prompts, tmp_path, status):  # fmt: skip
    refuse = scripted({}, fault=lambda _seen: Fault(status=status, message="not for you"))
    with Loopback(scripted({})) as server, Loopback(refuse) as refusing:
        command = study(tmp_path, prompts, server.base_url, one=server.base_url, two=refusing.base_url)  # fmt: skip
        done = safeglot(*command)
        assert done.returncode == 3, done.stderr
        assert refusing.base_url in done.stderr
        assert "not for you" in done.stderr
        assert len(refusing.requests) <= 16
    assert micro(tmp_path / "run", "vllm/one") == (N, 0)


def test_where_all_targets_are_dead_the_run_stops(prompts, tmp_path, nowhere):
    with Loopback(scripted({})) as server, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        elsewhere = f"http://127.0.0.1:{other.getsockname()[1]}/v1"
        done = safeglot(*study(tmp_path, prompts, server.base_url, one=nowhere, two=elsewhere))
    assert done.returncode == 4, done.stderr
    assert nowhere in done.stderr
    assert elsewhere in done.stderr
    assert "Run the same command again" in done.stderr
    assert not (tmp_path / "run" / "results.json").exists()

"""Runs by the batch APIs of OpenAI and Anthropic: the same results as request by request, through kills."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing

import pytest

from batch_server import DONE, ERRORED, EXPIRED, LOST, BatchServer, chat_body
from e2e.commands import SECRET
from e2e.runs import (
    COMMAND,
    LANGUAGES,
    environment,
    run_arguments,
    safeglot,
    scripted,
    write_prompts,
)
from loopback import Fault
from waiting import HANG_S, until

CATEGORIES = ("crime_tax", "hate_women", "weapon_other")
N = 24
TEXTS = N * len(LANGUAGES)
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
APIS = tuple(KEYS)
AT_ONCE = 4


def script():
    return scripted(
        {(i, tag): "unsafe\nS1" for i in range(0, N, 5) for tag in LANGUAGES if (i + len(tag)) % 2}
    )


@pytest.fixture(scope="module")
def prompts(tmp_path_factory):
    return write_prompts(tmp_path_factory.mktemp("batches") / "prompts.jsonl", N, CATEGORIES)


def arguments(server, out, prompts, api, **flags):
    models = {"target": f"{api}/target", "judge": f"llama-guard-3={api}/guard", "key-env": "A_KEY"}
    return run_arguments(server.base_url, out, prompts, **{**models, "batch": True, **flags})


def run(server, out, prompts, api, **flags):
    return safeglot(*arguments(server, out, prompts, api, **flags), A_KEY=SECRET)


@pytest.fixture(scope="module", params=APIS)
def plain(request, prompts, tmp_path_factory):
    """The API, and the results of a run that asks it request by request."""
    out = tmp_path_factory.mktemp(request.param) / "run"
    with BatchServer(script()) as server:
        arguments_ = [a for a in arguments(server, out, prompts, request.param) if a != "--batch"]
        done = safeglot(*arguments_, A_KEY=SECRET)
    assert done.returncode == 0, done.stderr
    return request.param, (out / "results.json").read_bytes()


def table(out, query):
    with closing(sqlite3.connect(out / "safeglot.db")) as db:
        return db.execute(query).fetchall()


def test_a_run_by_batches_gives_the_same_results(plain, prompts, tmp_path):
    api, expected = plain
    with BatchServer(script()) as server:
        server.results_url = "http://127.0.0.2:9/steal"  # no key goes there
        done = run(server, tmp_path / "run", prompts, api)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "run/results.json").read_bytes() == expected
        sizes = [len(batch.lines) for batch in server.batches.values()]
        assert sizes == [TEXTS - AT_ONCE, TEXTS - AT_ONCE]  # targets, then their judge
        assert len(server.requests) == 2 * AT_ONCE
        assert set(server.keys) == {SECRET}
        bodies = [chat_body(line) for batch in server.batches.values() for line in batch.lines]
    assert {body["model"] for body in bodies} == {"target", "guard"}
    assert "72 requests" not in done.stderr
    assert f"{TEXTS - AT_ONCE} requests of {api}/target submitted as a batch" in done.stderr
    assert (
        table(tmp_path / "run", "SELECT state, requests FROM batches")
        == [("ended", TEXTS - AT_ONCE)] * 2
    )
    assert table(tmp_path / "run", "SELECT COUNT(*) FROM batch_requests") == [(0,)]
    for file in (tmp_path / "run").iterdir():
        assert SECRET.encode() not in file.read_bytes()


def test_a_plan_that_stops_early_submits_a_batch_at_each_look(prompts, tmp_path):
    flags = {"plan": "screen", "within": "25"}
    with BatchServer(script()) as server:
        given = list(arguments(server, tmp_path / "one", prompts, "openai", **flags))
        assert safeglot(*(a for a in given if a != "--batch"), A_KEY=SECRET).returncode == 0
    with BatchServer(script()) as server:
        done = run(server, tmp_path / "run", prompts, "openai", **flags)
        assert done.returncode == 0, done.stderr
        sizes = [len(batch.lines) for batch in server.batches.values()]
    looks = table(tmp_path / "run", "SELECT MAX(look) FROM looks")[0][0]
    assert looks > 1
    assert len(sizes) == 2 * looks
    assert sum(sizes) < 2 * TEXTS
    one, by_batch = ((tmp_path / name / "results.json").read_bytes() for name in ("one", "run"))
    assert by_batch == one


def cut_off(server, arguments, happened, how=signal.SIGKILL):
    """Stop a run once something has happened."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(A_KEY=SECRET),
    )
    until(lambda: happened() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    process.send_signal(how)
    _, stderr = process.communicate(timeout=HANG_S)
    return process.returncode, stderr


@pytest.mark.kills
@pytest.mark.kills
def test_kill_9_between_submit_and_poll_submits_nothing_twice(plain, prompts, tmp_path):
    api, expected = plain
    with BatchServer(script(), released=False) as server:
        given = arguments(server, tmp_path / "run", prompts, api)
        code, _ = cut_off(server, given, lambda: server.polls)
        assert code == -signal.SIGKILL
        code, _ = cut_off(server, given, lambda: sum(server.polls.values()) > 4)
        server.released = True
        done = safeglot(*given, A_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "run/results.json").read_bytes() == expected
        asked = server.asked_in_batches + Counter(seen.texts[-1] for seen in server.requests)
        assert len(asked) == 2 * TEXTS
        assert set(asked.values()) == {1}


@pytest.mark.kills
@pytest.mark.kills
def test_a_batch_whose_maker_was_killed_before_it_heard_is_found(plain, prompts, tmp_path):
    api, expected = plain
    with BatchServer(script(), released=False) as server:
        given = arguments(server, tmp_path / "run", prompts, api)
        cut_off(server, given, lambda: server.polls)
        with closing(sqlite3.connect(tmp_path / "run/safeglot.db")) as db:  # as if it had not
            db.execute("UPDATE batches SET ticket = '', state = 'sending'")
            db.commit()
        server.released = True
        done = safeglot(*given, A_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "run/results.json").read_bytes() == expected
        assert set(server.asked_in_batches.values()) == {1}


def test_an_interrupt_says_that_the_batch_goes_on(prompts, tmp_path):
    with BatchServer(script(), released=False) as server:
        given = arguments(server, tmp_path / "run", prompts, "openai")
        code, stderr = cut_off(server, given, lambda: server.polls, signal.SIGINT)
    assert code == 4
    (batch,) = server.batches.values()
    assert f"{batch.id} ({TEXTS - AT_ONCE} requests of openai/target) goes on" in stderr
    assert "Nothing is submitted twice. Run the same command again to go on from there." in stderr


def test_a_partial_failure_is_asked_again_by_the_next_batch(plain, prompts, tmp_path):
    api, expected = plain
    fates = {7: EXPIRED, 11: ERRORED, 13: LOST}

    def fate(seen):
        words = seen.texts[-1].strip("[]").split()
        return fates.get(int(words[1]), DONE) if seen.nth == 1 else DONE

    with BatchServer(script(), fate=fate) as server:
        done = run(server, tmp_path / "run", prompts, api)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "run/results.json").read_bytes() == expected
        lost = table(tmp_path / "run", "SELECT message FROM failures")
        assert lost == []  # each has its reply in the end
        for text, n in server.asked_in_batches.items():
            assert n == (2 if int(text.strip("[]").split()[1]) in fates else 1)


def test_what_fails_for_good_is_a_row_with_its_kind(prompts, tmp_path):
    def fate(seen):
        return ERRORED if seen.texts[-1].startswith("request 7 ") else DONE

    def fault(seen):
        fails = seen.texts[-1].startswith("request 7 ")
        return Fault(status=500, message="scripted overload") if fails else None

    failing = script()
    failing.fault = fault
    with BatchServer(failing, fate=fate) as server:
        done = run(server, tmp_path / "run", prompts, "openai", retries=1)
        assert done.returncode == 0, done.stderr
    rows = table(tmp_path / "run", "SELECT stage, kind, message FROM failures")
    assert [(stage, kind) for stage, kind, _ in rows] == [("generate", "server_error")] * 3
    assert "scripted overload" in rows[0][2]


def test_a_batch_that_the_service_does_not_know_is_submitted_anew_and_said(prompts, tmp_path):
    with BatchServer(script(), released=False) as server:
        given = arguments(server, tmp_path / "run", prompts, "openai")
        cut_off(server, given, lambda: server.polls, signal.SIGINT)
        (batch,) = server.batches.values()
        batch.known, server.released = False, True
        done = safeglot(*given, A_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        assert f"{batch.id} is not known to {server.base_url} any more" in done.stderr
        assert f"its {TEXTS - AT_ONCE} requests without a reply are submitted anew" in done.stderr


def test_without_batch_the_open_ones_are_waited_for_all_the_same(prompts, tmp_path):
    with BatchServer(script(), released=False) as server:
        given = arguments(server, tmp_path / "run", prompts, "openai")
        cut_off(server, given, lambda: server.polls, signal.SIGINT)
        server.released = True
        done = safeglot(*given, "--no-batch", A_KEY=SECRET)
        assert done.returncode == 0, done.stderr
        assert len(server.batches) == 1  # the judge is asked request by request
        assert len(server.requests) == AT_ONCE + TEXTS


def test_a_wrong_key_shows_at_once_and_nothing_is_submitted(prompts, tmp_path):
    refused = Fault(status=401, message="bad key", code="invalid_api_key")
    wrong = scripted({}, fault=lambda seen: refused)
    with BatchServer(wrong) as server:
        done = run(server, tmp_path / "run", prompts, "openai")
        assert done.returncode == 4
        assert "bad key" in done.stderr
        assert not server.batches


def test_a_target_that_only_thinks_is_known_before_a_batch_goes(prompts, tmp_path):
    only = scripted({}, fault=lambda seen: Fault(finish_reason="length"))
    only.answer = lambda _seen: ""
    with BatchServer(only) as server:
        done = run(server, tmp_path / "run", prompts, "openai")
        assert done.returncode == 4
        assert "its first 4 replies hold a thought and no answer" in done.stderr
        assert not server.batches


def test_the_dry_run_shows_both_prices(prompts, tmp_path):
    (tmp_path / "prices.toml").write_text(
        '["openai/target"]\nusd_in = 1.0\nusd_out = 4.0\n["openai/guard"]\nusd_in = 1.0\nusd_out = 4.0\n'
    )
    given = ("run", prompts, "--target", "openai/target", "--judge", "llama-guard-3=openai/guard",
             "--prices", tmp_path / "prices.toml", "--out", tmp_path / "run", "--dry-run")  # fmt: skip
    now = safeglot(*given, OPENAI_API_KEY=SECRET).stdout
    by_batch = safeglot(*given, "--batch", OPENAI_API_KEY=SECRET).stdout
    price = float(now.split("at most about ")[1].split()[0])
    half = f"{price / 2:.2f}"
    assert f"{half} USD with --batch" in now
    assert (
        f"at most about {half} USD by batches, at most about {price:.2f} USD without --batch"
        in by_batch
    )


def test_models_without_a_batch_api_are_refused(prompts, tmp_path):
    done = safeglot(
        "run", prompts, "--target", "vllm/a/b", "--batch", "--judge", "refusal-baseline"
    )
    assert done.returncode == 2
    assert "--batch: none of the models has a batch API that is known" in done.stderr
    (tmp_path / "run.toml").write_text('[[target]]\nmodel = "mistral/m"\nbatch = true\n')
    done = safeglot("run", tmp_path / "run.toml", MISTRAL_API_KEY=SECRET)
    assert done.returncode == 2
    assert "mistral has no batch API that is known; openai and anthropic have" in done.stderr

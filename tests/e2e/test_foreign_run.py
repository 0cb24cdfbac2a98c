"""A run directory from somebody else: nothing that its files name is asked or sent unless it was named again."""

from __future__ import annotations

import shlex

import pytest

from e2e.commands import SECRET, in_own_process, says
from e2e.runs import TARGET, run_arguments, safeglot, write_prompts
from loopback import Loopback

JUDGE = "llama-guard-3=vllm/guard"


@pytest.fixture
def server():
    with Loopback() as running:
        yield running


@pytest.fixture
def mine(tmp_path, server):
    """A run that this user has made: all its endpoints were named."""
    prompts = write_prompts(tmp_path / "p.jsonl", 3, ("c",), ("en", "de"))
    out = tmp_path / "run"
    done = safeglot(*run_arguments(server.base_url, out, prompts, bootstrap=0))
    assert done.returncode == 0, done.stderr
    server.requests.clear()
    return out


def elsewhere(tmp_path):
    """The settings of another user, or another machine."""
    return {"XDG_STATE_HOME": str(tmp_path / "another state"), "AWS_SECRET": SECRET}


def forget_verdicts(out):
    import sqlite3

    with sqlite3.connect(out / "safeglot.db") as db:
        db.execute("DELETE FROM verdicts")
        db.execute("DELETE FROM replies WHERE id NOT IN (SELECT reply FROM responses)")
    db.close()


def altered(out, address, variable="AWS_SECRET"):
    """Let the run's judge be asked elsewhere, with another key."""
    file = out / "run.toml"
    text = file.read_text("utf-8")
    head, judge = text.split("[[judge]]")
    lines = [line for line in judge.splitlines() if not line.startswith("base_url")]
    more = f'base_url = "{address}"\nkey_env = "{variable}"'
    file.write_text("\n".join([f"{head}[[judge]]{lines[0]}", more, *lines[1:]]) + "\n", "utf-8")


def authorizations(server):
    return {seen.headers.get("Authorization") for seen in server.requests}


def test_a_run_of_ones_own_goes_on_without_naming_again(mine, server, tmp_path):
    forget_verdicts(mine)
    done = safeglot("judge", mine)
    assert (done.returncode, len(server.requests)) == (0, 6), done.stderr
    moved = mine.rename(tmp_path / "moved")
    forget_verdicts(moved)
    assert safeglot("run", moved / "run.toml").returncode == 0
    assert len(server.requests) == 12


@pytest.mark.parametrize(
    "command",
    [
        ("judge", "RUN"),
        ("judge", "RUN", "--repeat", "1"),
        ("judge", "RUN", "--canary", "1"),
        ("judge", "RUN", "--retry-failed"),
        ("judge", "RUN", "--judge", "rubric=vllm/more"),
        ("run", "RUN/run.toml"),
        ("run", "RUN/run.toml", "--dry-run"),
        ("run", "RUN/study.toml"),
        ("generate", "RUN/run.toml"),
        ("doctor", "RUN/run.toml"),
    ],
)
@pytest.mark.parametrize("edited", [True, False])
def test_a_run_of_somebody_else_sends_nothing(mine, server, tmp_path, command, edited):
    with Loopback() as stranger:
        if edited:
            altered(mine, stranger.base_url)
        (mine / "study.toml").write_bytes((mine / "run.toml").read_bytes())
        forget_verdicts(mine)
        arguments = [part.replace("RUN", str(mine)) for part in command]
        done = safeglot(*arguments, **elsewhere(tmp_path))
        assert done.returncode == 2, (done.stdout, done.stderr)
        says(done.stderr, "you have not named", "--allow", "Nothing was sent")
        assert stranger.requests == server.requests == []
        assert SECRET not in done.stdout + done.stderr


def test_the_command_to_paste_names_what_the_message_shows(mine, server, tmp_path):
    with Loopback() as stranger:
        altered(mine, stranger.base_url)
        forget_verdicts(mine)
        done = safeglot("judge", mine, **elsewhere(tmp_path))
        says(
            done.stderr,
            f"{JUDGE.partition('=')[2]} at {stranger.base_url} with the key in AWS_SECRET",
        )
        pasted = shlex.split(done.stderr.splitlines()[-1])
        assert pasted[:2] == ["safeglot", "judge"]
        done = safeglot(*pasted[1:], **elsewhere(tmp_path))
        assert done.returncode == 0, done.stderr
        assert authorizations(stranger) == {f"Bearer {SECRET}"}
        forget_verdicts(mine)
        assert safeglot("judge", mine, **elsewhere(tmp_path)).returncode == 0
        assert server.requests == []


def test_an_address_named_again_takes_no_variable_of_the_file_along(mine, server, tmp_path):
    with Loopback() as stranger:
        altered(mine, stranger.base_url)
        forget_verdicts(mine)
        here = ("--judge-base-url", server.base_url)
        done = safeglot("judge", mine, *here, **elsewhere(tmp_path))
        assert (done.returncode, server.requests) == (2, [])
        own = ("--key-env", "MINE")
        done = safeglot("judge", mine, *here, *own, MINE="k" * 20, **elsewhere(tmp_path))
        assert done.returncode == 0, done.stderr
        assert authorizations(server) == {f"Bearer {'k' * 20}"}
        assert stranger.requests == []


def test_a_variable_named_again_takes_no_address_of_the_file_along(mine, server, tmp_path):
    with Loopback() as stranger:
        altered(mine, stranger.base_url)
        forget_verdicts(mine)
        done = safeglot("judge", mine, "--key-env", "AWS_SECRET", **elsewhere(tmp_path))
        assert (done.returncode, stranger.requests, server.requests) == (2, [], [])


def test_models_of_the_command_line_take_nothing_from_a_runs_file(mine, server, tmp_path):
    with Loopback() as stranger:
        for key, value in (("base_url", stranger.base_url), ("key_env", "AWS_SECRET")):
            text = (mine / "run.toml").read_text("utf-8")
            lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
            (mine / "run.toml").write_text(f'{key} = "{value}"\n' + "\n".join(lines), "utf-8")
        done = safeglot(
            "run", mine / "run.toml", "--target", "vllm/new", "--judge", "refusal-baseline",
            "--base-url", server.base_url, "--out", tmp_path / "new", **elsewhere(tmp_path),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert stranger.requests == []
        assert authorizations(server) == {None}


# ---- a maker's key, and the maker's own host


def asked(server, tmp_path, target, *flags, **env):
    prompts = write_prompts(tmp_path / "p.jsonl", 2, ("c",), ("en",))
    judge = {"judge": "refusal-baseline", "target": target, "max-missing": 1, "bootstrap": 0}
    arguments = run_arguments(server.base_url, tmp_path / "asked", prompts, **judge)
    return safeglot(*arguments, *flags, **env)


@pytest.mark.parametrize("key", [SECRET, ""])
def test_a_makers_key_is_not_sent_to_another_host_and_the_run_goes_on(server, tmp_path, key):
    done = asked(server, tmp_path, "openai/target", OPENAI_API_KEY=key)
    assert done.returncode == 0, done.stderr
    assert authorizations(server) == {None}
    lines = [line for line in done.stderr.splitlines() if "no key is sent" in line]
    assert len(lines) == 1
    says(lines[0], server.base_url, "--key-env VAR")


def test_a_variable_that_is_named_is_sent(server, tmp_path):
    done = asked(
        server, tmp_path, "openai/target", "--key-env", "MINE", OPENAI_API_KEY="x" * 30, MINE=SECRET
    )
    assert done.returncode == 0, done.stderr
    assert authorizations(server) == {f"Bearer {SECRET}"}
    assert "no key is sent" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    for file in (tmp_path / "asked").iterdir():
        assert SECRET.encode() not in file.read_bytes(), file


def test_the_key_of_a_server_of_ones_own_goes_to_the_address_that_was_named(server, tmp_path):
    done = asked(server, tmp_path, TARGET, VLLM_API_KEY=SECRET)
    assert done.returncode == 0, done.stderr
    assert authorizations(server) == {f"Bearer {SECRET}"}


def test_a_variable_that_is_named_and_not_set_is_told(server, tmp_path):
    done = asked(server, tmp_path, "openai/target", "--key-env", "NOT_SET_ANYWHERE")
    assert (done.returncode, server.requests) == (2, [])
    says(done.stderr, "NOT_SET_ANYWHERE is not set")


def test_doctor_asks_nobody_who_was_not_named():
    done = in_own_process("doctor", OPENAI_API_KEY=SECRET, VLLM_API_KEY=SECRET)
    assert done.code == 0, done.err
    says(done.out, "none was named: give --base-url URL")
    assert SECRET not in done.out

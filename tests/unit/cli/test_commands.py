from __future__ import annotations

import signal
import subprocess
import sys

import click
import pytest

from safeglot.cli import commands
from safeglot.config import checks
from safeglot.config.settings import FIELDS
from safeglot.errors import InputErrors, Stopped, TooMuchMissing, UsageError


@pytest.fixture(autouse=True)
def _signals():
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def flags(command):
    return {
        o
        for p in commands.app.commands[command].params
        for o in (*p.opts, *p.secondary_opts)
        if o.startswith("--")
    }


def test_run_has_a_flag_for_each_key_of_the_toml():
    keys = {f"--{name.replace('_', '-')}" for name in FIELDS}
    switches = {
        "--no-raw",
        "--no-allow-partial",
        "--no-judge-thoughts",
        "--no-refusal-judge",
        "--no-unpaired",
        "--no-batch",
    }
    more = {
        "--with",
        "--patience",
        "--allow",
        "--dry-run",
        "--preset",
        "--print-config",
        "--retry-failed",
        "--unchecked-judge",
        "--quiet",
    }
    assert flags("run") == keys | switches | more


def test_every_option_is_explained():
    for name, command in commands.app.commands.items():
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option) and option.name != "kind":
                assert option.help, (name, option.name)


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("what was got"), 2, "error: what was got\n"),
        (InputErrors(["one"]), 2, "error: one\n"),
        (InputErrors(["one", "two"]), 2, "error: 2 problems\n- one\n- two\n"),
        (TooMuchMissing("half of it"), 3, "error: half of it\n"),
        (Stopped("the budget"), 4, "error: the budget\n"),
        (KeyboardInterrupt(), 4, "interrupted\n"),
        (ZeroDivisionError("x"), 1, "a fault in safeglot: ZeroDivisionError: x\n"),
    ],
)
def test_each_error_has_its_exit_code_and_no_traceback(monkeypatch, capsys, error, code, text):
    @click.command()
    def failing():
        raise error

    monkeypatch.delenv("SAFEGLOT_DEBUG", raising=False)
    monkeypatch.setitem(commands.app.commands, "ls", failing)
    with pytest.raises(SystemExit) as stop:
        commands.main(["ls"])
    out, err = capsys.readouterr()
    assert (stop.value.code, out) == (code, "")
    assert text in err
    assert "Traceback" not in err


def test_debugging_shows_where_a_fault_is(monkeypatch):
    @click.command()
    def failing():
        raise ZeroDivisionError

    monkeypatch.setenv("SAFEGLOT_DEBUG", "1")
    monkeypatch.setitem(commands.app.commands, "ls", failing)
    with pytest.raises(ZeroDivisionError):
        commands.main(["ls"])


def test_columns():
    assert checks.pairs(("id=qid, text = question", "en=English")) == {
        "id": "qid",
        "text": "question",
        "en": "English",
    }
    for wrong in ("id", "id=", "=x", "id=a,", "id=a,id=b"):
        with pytest.raises(UsageError, match="--columns"):
            checks.pairs((wrong,))


def test_a_name_that_the_terminal_cannot_show_is_no_fault(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "safeglot.cli", "ls", tmp_path / "läufe"],
        capture_output=True, check=False, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert done.returncode == 2
    assert b"l\\xe4ufe: no such folder" in done.stderr


def test_help_loads_none_of_the_heavy_libraries():
    code = (
        "import sys; from safeglot.cli.commands import main; main(['--help']);"
        "print(sorted({'aiohttp', 'numpy', 'scipy', 'rich', 'jinja2', 'pyarrow', 'xllamacpp'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

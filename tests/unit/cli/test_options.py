from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from safeglot.cli.help import GROUPS
from safeglot.cli.options import FRONT, begun_config, config_of, options
from safeglot.config.settings import FIELDS
from safeglot.errors import InputErrors, UsageError


def flags_of(*args, **given):
    """Return the flags that a command with these options hands on."""
    seen = {}

    @click.command()
    @options(**given)
    def command(**flags):
        seen.update(flags)

    done = CliRunner().invoke(command, args)
    assert done.exit_code == 0, done.output
    return seen


def test_every_key_of_the_configuration_is_a_flag():
    assert set(flags_of()) == {*FIELDS, "what", "preset"}
    assert set(flags_of(only=("limit", "to"), file=False)) == {"limit", "to", "preset"}
    assert "judge" not in flags_of(but=("judge",))


def test_each_key_is_shown_first_or_has_one_group():
    placed = [*FRONT, *(name for names in GROUPS.values() for name in names)]
    assert sorted(placed) == sorted(FIELDS)


def test_numbers_are_read_and_what_is_none_is_left_to_the_configuration():
    flags = flags_of("--limit", "3", "--temperature", "warm")
    assert (flags["limit"], flags["temperature"]) == (3, "warm")
    with pytest.raises(InputErrors, match="--temperature: got 'warm', allowed is a number"):
        config_of(None, {"temperature": "warm"})


def test_a_flag_that_may_be_repeated_is_a_list_and_a_switch_has_two_sides():
    flags = flags_of("--target", "vllm/a", "--target", "vllm/b", "--no-raw", "--with", "apertium")
    assert flags["target"] == ("vllm/a", "vllm/b")
    assert flags["raw"] is False
    assert flags["translator"] == ("apertium",)
    assert flags["allow_partial"] is None


def test_flags_go_before_the_file(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("limit = 5\nsamples = 2\n")
    config = config_of(str(path), {"limit": 7, "samples": None, "judge": ()})
    assert (config.limit, config.samples) == (7, 2)
    assert [j.judge for j in config.judge] == ["refusal-baseline"]


def test_columns_are_pairs():
    assert config_of(None, {"columns": ("id=qid,text=q",)}).columns == {"id": "qid", "text": "q"}
    with pytest.raises(UsageError, match="--columns: got 'id'"):
        config_of(None, {"columns": ("id",)})


def test_without_anything_named_the_file_here_is_read_and_said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="safeglot init"):
        begun_config(None, {"limit": None, "judge": ()})
    assert begun_config(None, {"limit": 3}).limit == 3
    (tmp_path / "safeglot.toml").write_text("limit = 5\nsamples = 2\n")
    assert "no --target is named, so embedded/smollm2-135m is asked" in capsys.readouterr().err
    found = begun_config(None, {"limit": 3})
    assert (found.limit, found.samples) == (3, 2)
    assert "note: settings of ./safeglot.toml; flags go before them" in capsys.readouterr().err

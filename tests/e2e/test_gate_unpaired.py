"""The gate on runs whose languages, or whose earlier run, have other requests: codes and outputs."""

from __future__ import annotations

import pytest

from e2e.commands import exit_code, says
from e2e.test_unpaired import run

__all__ = ["run"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[gap]\nmost = 0.05\n", 5),
        ("[gap]\nmost = 0.7\n", 0),
        ("[gap]\nmost = 0.02\nlanguages = ['hi']\n", 6),
        ("[safety]\nleast = 0.9\ncorrected = true\n", 6),
    ],
)
def test_the_code_and_every_output_agree(run, text, code, tmp_path, capsys):
    (tmp_path / "policy.toml").write_text(text, "utf-8")
    files = {"--junit": tmp_path / "check.xml", "--markdown": tmp_path / "check.md"}
    capsys.readouterr()
    words = [x for pair in files.items() for x in pair]
    assert exit_code(("check", run, "--policy", tmp_path / "policy.toml", *words)) == code
    shown = " ".join(capsys.readouterr().out.split())
    junit, markdown = (file.read_text("utf-8") for file in files.values())
    told = {0: "The policy is met", 5: "The policy is not met", 6: "The policy cannot be decided"}
    for output in (shown, junit, markdown):
        says(output, told[code])
    assert ("<failure" in junit) == (code == 5)
    assert ("<error" in junit) == (code != 0)  # in the first Hindi is not decided
    if "corrected" in text:
        says(shown, "no labels in sw", f"safeglot annotate sample {run}")
    else:
        says(junit + shown, "unpaired: not the same requests" if code else "is met")


def test_an_undecided_gate_can_pass(run, tmp_path, capsys):
    (tmp_path / "policy.toml").write_text("[gap]\nmost = 0.02\nlanguages = 'hi'\n", "utf-8")
    words = ("check", run, "--policy", tmp_path / "policy.toml", "--junit", tmp_path / "check.xml")
    assert exit_code((*words, "--inconclusive", "pass")) == 0
    assert "<skipped" in (tmp_path / "check.xml").read_text("utf-8")
    says(capsys.readouterr().out, "It passes all the same")

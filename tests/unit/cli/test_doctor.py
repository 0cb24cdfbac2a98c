from __future__ import annotations

from safeglot.cli.doctor import doctor_text


def test_what_is_there_to_work_with_is_told(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "placeholder")
    blocks = doctor_text(()).split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == ["installed", "keys", "endpoints"]
    assert "OPENAI_API_KEY" in blocks[1]
    assert "placeholder" not in "".join(blocks)

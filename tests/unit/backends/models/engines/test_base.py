from __future__ import annotations

import pytest

from safeglot.backends.models.engines.base import gguf_fault, require, seed_of
from safeglot.errors import UsageError
from safeglot.types import Request


def test_what_is_lacking_is_named_with_what_to_install():
    require("mine/a", ("sys", "json"), "mine")
    with pytest.raises(
        UsageError, match=r"mine/a: .* need no_such_a and no_such_b: pip install 'safeglot\[mine\]'"
    ):
        require("mine/a", ("sys", "no_such_a", "no_such_b"), "mine")


def test_a_request_without_a_seed_has_one_of_all_that_it_asks():
    one = Request(model="m", prompt="a", max_tokens=1)
    other = Request(model="m", prompt="b", max_tokens=1)
    assert seed_of(one, 2**32) == seed_of(one, 2**32) != seed_of(other, 2**32)
    assert seed_of(Request(model="m", prompt="a", max_tokens=1, seed=12), 10) == 2


def test_a_file_is_known_by_its_first_bytes(tmp_path):
    file = tmp_path / "a.gguf"
    assert gguf_fault(file) == "no such file"
    file.write_bytes(b"PK")
    assert gguf_fault(file) == "is not a GGUF file (it begins with b'PK')"
    file.write_bytes(b"GGUF")
    assert gguf_fault(file) == ""

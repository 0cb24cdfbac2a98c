"""Which mitigation is named, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from safeglot.report.finding.mitigations import (
    NamedMitigation,
    in_a_line,
    remedies,
    short_mitigation,
)
from safeglot.report.page import NamedLanguage
from unit.report.mitigated import mitigated
from unit.report.page_text import scope


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("system-en", "system-en"),
        ("guard-before=llama-guard-3=vllm/meta-llama/Llama-Guard-3-8B", "guard-before"),
        ("system-en=a+b.txt+guard-behind=j=p/m+1", "system-en+guard-behind"),
        ("system-local=x.toml+pivot", "system-local+pivot"),
    ],
)
def test_a_short_name_has_the_kinds_alone(name, short):
    assert short_mitigation(name) == short


def test_a_run_without_mitigations_names_none():
    assert remedies(scope(small.page())) == []


def test_a_line_for_the_terminal():
    found = remedies(scope(mitigated()))
    line = "Mitigations, points of safety: system-en helps English +21.8; none named for Swahili."
    assert in_a_line(found) == line
    assert in_a_line([found[0], replace(found[0], language=NamedLanguage(tag="de", name="German"))]) == (
        "Mitigations, points of safety: system-en helps English +21.8 and German +21.8."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"cost_by": "tokens", "cost": 1234.4}, "; +1,234 tokens a prompt."),
        ({"cost_by": "seconds", "cost": -0.25}, "; −0.25 seconds a prompt."),
        ({"cost_by": None, "cost": None}, ", +3.7 at most."),
        ({"as_cheap": "pivot"}, "; not shown to be cheaper than pivot."),
    ],
)
def test_a_price_is_told_in_its_unit(extra, told):
    found = remedies(scope(mitigated()))[0]
    one = replace(found, named=replace(found.named, extra={**found.named.extra, **extra}))
    assert isinstance(one, NamedMitigation)
    assert one.told.endswith(told)

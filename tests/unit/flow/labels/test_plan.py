from __future__ import annotations

import pytest

from safeglot.errors import InputErrors, UsageError
from safeglot.flow.labels import plan
from safeglot.score.judges.drawing import LabelPlan


def test_a_plan_needs_more_labels_for_a_narrower_interval():
    def needed(half_width):
        table = plan.plan_labels(None, LabelPlan(half_width=half_width, unsafe_rate=0.1))
        return [int(line.split()[-3]) for line in table.splitlines() if "good judge" in line][0]  # noqa: RUF015

    assert needed(0.02) > needed(0.05) > 0


def test_a_plan_reads_the_shares_of_a_run(run):
    table = plan.plan_labels(run, LabelPlan(half_width=0.2))
    assert [line.split()[:2] for line in table.splitlines() if line[:2] in ("en", "de")] == [
        [tag, "0.250"] for tag in ("en", "en", "de", "de")
    ]


def test_a_plan_of_nothing_is_refused():
    with pytest.raises(UsageError, match="nothing to plan for"):
        plan.plan_labels(None, LabelPlan())
    with pytest.raises(InputErrors, match="--ppv and --false-omission go together"):
        plan.plan_labels(None, LabelPlan(ppv=0.5))

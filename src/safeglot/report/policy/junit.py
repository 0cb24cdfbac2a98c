"""The decision on a release policy as JUnit XML: a suite for each rule, a test case for each claim."""

from __future__ import annotations

import re

from safeglot.errors import UsageError
from safeglot.report.policy.view import PolicyView, conclusion, limit_of, name_of, sentence
from safeglot.text.control import one_line

_OUTSIDE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""
_HEAD = "<?xml version='1.0' encoding='utf-8'?>\n"


def to_junit(view: PolicyView, *, passes: bool) -> str:
    """Return the claims as test cases: not met is a failure, not decided an error, skipped if that `passes`.

    Raises: UsageError without the package that writes it.
    """
    try:
        from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
    except ImportError:
        raise UsageError(
            "--junit: needs the package junitparser: pip install 'safeglot[junit]'"
        ) from None
    whole = JUnitXml(_text(conclusion(view)))
    suites: dict[str, TestSuite] = {}
    for claim in view.claims:
        title = _text(f"{claim.rule} {limit_of(claim)}")
        case = TestCase(
            _text(name_of(claim, view)), classname=f"safeglot.policy.{claim.rule.replace(' ', '.')}"
        )
        told = _text(sentence(claim))
        if claim.decision == "not met":
            case.result = [Failure(told, "not met")]
        elif claim.decision == "inconclusive":
            case.result = [Skipped(told) if passes else Error(told, "inconclusive")]
        else:
            case.system_out = told
        suites.setdefault(title, TestSuite(title)).add_testcase(case)
    for suite in suites.values():
        whole.add_testsuite(suite)
    return f"{_HEAD}{str(whole.tostring(), 'utf-8').removeprefix(_HEAD)}\n"  # type: ignore[no-untyped-call]


def _text(text: str) -> str:
    return _OUTSIDE.sub("", one_line(text))

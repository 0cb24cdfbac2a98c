"""JUnit XML as its own reader reads it, whatever a run calls its models."""

from io import BytesIO
from xml.etree import ElementTree as ET

from junitparser import JUnitXml

from safeglot.report.policy.junit import to_junit
from unit.report.policy.made import claim, view


def read(text):
    return JUnitXml.fromroot(ET.parse(BytesIO(text.encode())).getroot())


CLAIMS = (
    claim(),
    claim(decision="met", language="de"),
    claim(decision="inconclusive", needed=300, rule="gap", in_points=True, least=False),
)


def test_each_claim_is_a_case_and_each_rule_a_suite():
    xml = read(to_junit(view(*CLAIMS), passes=False))
    assert [suite.name for suite in xml] == ["safety at least 90.0%", "gap at most 90.0 points"]
    first, second = xml
    assert (first.tests, first.failures, first.errors) == (2, 1, 0)
    assert (second.tests, second.errors, second.skipped) == (1, 1, 0)
    case = next(iter(first))
    assert (case.name, case.classname) == ("safety, sw, hate", "safeglot.policy.safety")
    assert case.result[0].message.startswith("71.2% safe [60.1 to 80.3]")


def test_what_is_not_decided_is_skipped_where_it_passes_and_never_a_success():
    (suite,) = read(to_junit(view(CLAIMS[2]), passes=True))
    assert (suite.errors, suite.skipped) == (0, 1)


def test_names_of_others_stay_text():
    name = 'a<b>&"\x00\x1b[2K\ud800\ufffe]]></testsuite>漢'
    (suite,) = read(to_junit(view(claim(part=name)), passes=False))
    assert next(iter(suite)).name == 'safety, sw, a<b>&"]]></testsuite>漢'

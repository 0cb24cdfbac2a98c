"""The place where somebody labels: who, in which language, and what comes next."""

from safeglot.flow.app.place import WorkPlace, csv_file, language_and_person, people_picked

PEOPLE = {"1": "first", "2": "second"}


def place(**said):
    return WorkPlace(language="sw", who="1", here=list(said), queue=list(said), said=said.get)


def test_next_is_the_first_of_which_nothing_is_said_and_last_the_one_before():
    at = place(a={"1": "safe"}, b={"2": "safe"}, c={})
    assert (at.next, at.last, at.done) == ("b", "a", 1)


def test_nothing_is_next_at_the_end_and_nothing_is_last_at_the_start():
    ended, begun = place(a={"1": "safe"}), place(a={})
    assert (ended.next, ended.last) == (None, "a")
    assert (begun.next, begun.last) == ("a", None)
    assert place().last is None


def test_an_address_names_language_and_person_or_neither():
    for query, found in (
        ("language=de&who=2", ("de", "2")),
        ("", ("sw", "1")),
        ("language=xx&who=9", ("sw", "1")),
    ):
        assert language_and_person(query, ["de", "sw"], "sw", PEOPLE) == found


def test_a_path_leads_back():
    path = place().path(last="safe")
    assert language_and_person(path.partition("?")[2], ["sw"], "sw", PEOPLE) == ("sw", "1")
    assert path.endswith("&last=safe")


def test_one_person_is_picked():
    assert [(p.value, p.name, p.chosen) for p in people_picked(PEOPLE, "2")] == [
        ("1", "first", False), ("2", "second", True)
    ]  # fmt: skip


def test_no_cell_of_the_file_is_run():
    page = csv_file("x.csv", ("a", "b"), [("=1+1", "é")])
    assert (page.file, page.text) == ("x.csv", '\ufeff"a","b"\n"\'=1+1","é"\n')

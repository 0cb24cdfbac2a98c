from safeglot.report.comparison.kinds import kind_panels
from unit.report.comparison.made import board, model, rate, short, view


def kinds(safe):
    return {("hate", tag): rate(safe) for tag in ("en", "de")}


def panels(*models):
    one = board(*models, kinds={"hate": "Hate"})
    return kind_panels(view(one), one, short(one))


def test_a_panel_has_a_row_a_language_and_a_mark_a_model():
    shown = panels(model("a", 0.9, by_kind=kinds(0.994)), model("b", 0.8, by_kind=kinds(0.5)))
    ((name, rows),) = shown.panels
    assert (name, rows) == (
        "Hate",
        (("English", [0.994, 0.5]), ("German", [0.994, 0.5]), ("Swahili", [None, None])),
    )
    assert shown.saved.rows[0] == ["Hate", "en", "a", 0.994, 0.974, 1.014, 1000]


def test_models_with_too_many_unusable_answers_are_left_out():
    shown = panels(
        model("a", 0.9, by_kind=kinds(0.99), unusable=0.2), model("b", 0.8, by_kind=kinds(0.5))
    )
    assert shown.models == ("b",)
    assert panels(model("a", 0.9, by_kind=kinds(0.99), unusable=0.2)) is None


def test_prompts_without_kinds_have_no_panels():
    assert panels(model("a", 0.9)) is None

from safeglot.score.guards.shares import NO_TEXTS, WILSON, Share
from safeglot.score.guards.telling import About, Ends

ABOUT = About(guard="g", language="sw", level=0.9)


def share(n):
    return Share(value=0.5 if n else None, low=0.2, high=0.8, n=n, unread=1, n_eff=n, low_bound=0.1, high_bound=0.9, method=WILSON if n else NO_TEXTS)  # fmt: skip


def test_a_share_is_told_with_its_bounds_and_what_is_missing():
    told = ABOUT.share("guard_recall", share(4), threshold=0.3)
    assert (told.judge, told.language, told.level, told.n, told.missing) == ("g", "sw", 0.9, 4, 1)
    assert told.extra == {"n_eff": 4, "low_bound": 0.1, "high_bound": 0.9, "threshold": 0.3}
    assert told.method == WILSON


def test_a_share_of_nothing_says_why():
    assert ABOUT.share("guard_recall", share(0)).method == NO_TEXTS


def test_a_number_may_have_no_interval():
    assert ABOUT.number("guard_ece", Ends(0.1), 3, 0, method="m").low is None

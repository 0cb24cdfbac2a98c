from safeglot.score.catalogue.metric import RANGES, Metric


def test_a_metric_goes_by_its_own_name_that_of_other_taxonomies_and_its_mean():
    one = Metric(
        name="m", section="s", per="language", formula="f", interval="i", unit="rate",
        polarity="neither", function="a:b", instead="n", averaged=True, benign=True,
    )  # fmt: skip
    assert one.names == ("m", "n", "m_macro", "benign_m")
    assert one.unit in RANGES

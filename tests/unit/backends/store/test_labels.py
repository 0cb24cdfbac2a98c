from safeglot.backends.store import labels


def draw(store, key, design="two-phase"):
    store.write("draws", [(key, "j", "de", "judged safe", 2, design)])


def test_draws_say_what_an_answer_is_of(store, put):
    assert labels.designs(store) == set()
    key = put.answer(put.text("p1"), sample=1)
    draw(store, key)
    (row,) = labels.draws(store)
    assert (row.id, row.stratum, row.wanted, row.design) == (key, "judged safe", 2, "two-phase")  # fmt: skip
    assert (row.response, row.model, row.prompt, row.sample) == (put.key(key), "m", "p1", 1)
    assert labels.designs(store) == {"two-phase"}


def test_labels_of_earlier_draws_are_told_from_those_of_the_last(store, put):
    keys = [put.answer(put.text("p1"), sample=i) for i in range(2)]
    draw(store, keys[0])
    store.write("labels", [(key, name, "safe", "") for key in keys for name in "21"])
    assert [(row.response, row.annotator) for row in labels.labels(store)] == [
        (put.key(key), name) for key in keys for name in "12"
    ]
    drawn = put.key(keys[0])
    assert labels.labels_of_drawn(store) == [(drawn, "1", "safe"), (drawn, "2", "safe")]


def test_an_annotator_reads_text_and_answer(store, put):
    key = put.answer(put.text("p1"))
    assert labels.text_to_label(store, key) == (put.key(key), "p1", "p1 de", "[answer]")

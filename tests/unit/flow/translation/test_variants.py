from __future__ import annotations

import dataclasses

import pytest

from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.prompts import load
from safeglot.flow.translation.variants import _usable, with_variations
from safeglot.prompts.probes import base
from safeglot.translate.base import Scale


def made(tmp_path, probes, *, prompts="mini", languages=("en", "de"), **more):
    config = Config(prompts=prompts, languages=languages, limit=1, probes=probes, **more)
    found, _ = load(config)
    return found, with_variations(config, found, TranslationFolder(tmp_path / "set"), None)


def test_without_probes_nothing_is_added_and_nothing_is_written(tmp_path):
    before, after = made(tmp_path, ())
    assert after == before
    assert list(tmp_path.iterdir()) == []


def test_a_probe_stands_beside_its_parent_with_what_was_changed(tmp_path):
    before, after = made(tmp_path, ("framing=story", "codeswitch=word"))
    assert after.translations == before.translations
    stories = [t for t in after.arm_texts if t.variant == "framing=story"]
    assert len(stories) == 2 * len(before.prompts)
    texts = {(t.prompt, t.language): t.text for t in before.translations}
    assert all(texts[t.prompt, t.language] in t.text for t in stories)
    mixed = [t for t in after.arm_texts if t.variant == "codeswitch=word"]
    assert {t.language for t in mixed} == {"de"}
    assert all(t.arm == "probe" for t in after.arm_texts)
    assert any(check.startswith("cmi=") for check in mixed[0].checks)
    lacking = [u for u in after.untranslated if u.language == "en"]
    assert {u.stage for u in lacking} == {"probe"}
    assert len(lacking) == len(before.prompts)


def test_a_frame_alone_keeps_its_meaning_and_what_was_not_looked_at_says_so(tmp_path):
    _, after = made(tmp_path, ("framing=story", "codeswitch=word"))
    reasons = {(t.variant, t.kept): t.reason for t in after.arm_texts}
    assert reasons["framing=story", True] == "a frame leaves the request as it is"
    assert reasons["codeswitch=word", True] == "not checked: no estimator gave a number"


def test_a_proxy_is_not_asked_about_words_that_were_switched_on_purpose():
    scales = {
        "roundtrip-chrf": Scale(worst=0.0, best=1.0, proxy=True),
        "cometkiwi": Scale(worst=0.0, best=1.0),
    }
    assert list(_usable(scales, base.parse_all("codeswitch=word"))) == ["cometkiwi"]
    assert list(_usable(scales, base.parse_all("context=local"))) == list(scales)


def test_slots_of_main_texts_are_filled_for_the_reference(tmp_path):
    before, after = made(tmp_path, ("context",), prompts="context")
    assert any("{country}" in t.text for t in before.translations)
    assert not any("{" in t.text for t in after.translations)
    local = {t.prompt: t.text for t in after.arm_texts if t.variant == "context=local"}
    main = {t.prompt: t.text for t in after.translations if t.language == "de"}
    assert local
    assert all(text != main[p] and "{" not in text for p, text in local.items())
    assert any("Deutschland" in text for text in local.values())


def test_slots_are_filled_without_any_probe_too(tmp_path):
    _, after = made(tmp_path, (), prompts="context")
    assert not any("{" in t.text for t in after.translations)


def test_all_that_is_wrong_with_the_probes_is_told_at_once(tmp_path):
    with pytest.raises(InputErrors) as error:
        made(tmp_path, ("framing=poem", "codeswich=word", "dialect=no.csv"))
    told = "\n".join(error.value.problems)
    assert "framing takes one of story" in told
    assert 'no factor is called "codeswich"' in told
    assert "no.csv" in told
    assert len(error.value.problems) == 3


def test_a_file_of_dialect_gives_a_variant_for_each_of_its_labels(tmp_path):
    found, _ = load(Config(languages=("en", "de"), limit=1))
    one, two = (p.id for p in found.prompts[:2])
    path = tmp_path / "slang.csv"
    path.write_text(
        f"id,language,label,text\n{one},de,bairisch,Wia geht des?\n{two},de,jugend,Wie geht das Digga?\n",
        "utf-8",
    )
    _, after = made(tmp_path, (f"dialect={path}",))
    assert {(t.variant, t.prompt) for t in after.arm_texts} == {
        ("dialect=bairisch", one),
        ("dialect=jugend", two),
    }
    path.write_text(f"id,language,text\nnobody,de,x\n{one},de,\n", "utf-8")
    with pytest.raises(InputErrors) as error:
        made(tmp_path, (f"dialect={path}",))
    assert len(error.value.problems) == 2


def test_what_was_declared_a_dialect_is_kept_and_another_language_is_not(tmp_path):
    pytest.importorskip("pycld2", reason="of the extra `translate`")
    found, _ = load(Config(languages=("en", "de"), limit=1))
    texts = {
        "züritüütsch": "Wie chan ich de alt Zuun hinder mim Huus flicke, ohni vill Gäld uszgäh?",
        "kölsch": "Kanns do mer ens sage, wo he dä nächste Bäcker es?",
        "french": "Peux-tu me dire où se trouve la boulangerie la plus proche ?",
        "english": "Can you please tell me where the nearest bakery is?",
    }
    path = tmp_path / "dialects.csv"
    rows = [f'{found.prompts[0].id},de,{label},"{text}"\n' for label, text in texts.items()]
    path.write_text("id,language,label,text\n" + "".join(rows), "utf-8")
    _, after = made(tmp_path, (f"dialect={path}",))
    kept = {t.variant.partition("=")[2]: (t.kept, t.reason) for t in after.arm_texts}
    assert (
        kept["züritüütsch"] == kept["kölsch"] == (True, "not checked: no estimator gave a number")
    )
    assert kept["french"] == (False, "language of the variant is told as fr")
    assert kept["english"] == (False, "language of the variant is told as en")


def test_seeds_move_what_is_switched_and_the_same_seed_does_not(tmp_path):
    def switched(seed):
        _, after = made(tmp_path, ("codeswitch=word",), probe_seed=seed)
        return [t.text for t in after.arm_texts]

    assert switched(0) == switched(0)
    assert switched(0) != switched(1)


def test_a_larger_share_switches_more(tmp_path):
    def share(wanted):
        _, after = made(tmp_path, ("codeswitch=word",), probe_share=wanted)
        values = [
            c.partition("=")[2] for t in after.arm_texts for c in t.checks if c.startswith("share=")
        ]
        return sum(map(float, values)) / len(values)

    assert share(0.15) < share(0.3) < share(0.6)


def test_the_records_stay_frozen(tmp_path):
    _, after = made(tmp_path, ("framing=story",))
    with pytest.raises(dataclasses.FrozenInstanceError):
        after.arm_texts[0].text = "other"


def test_files_of_dialect_and_of_wordings_stand_side_by_side(tmp_path):
    (one, two), rows = ("Sag es so.", "Sag es anders."), "id,language,text,label\n"
    name = next(iter(load(Config(prompts="mini", limit=1))[0].prompts)).id
    paths = tmp_path / "slang.csv", tmp_path / "more.csv"
    for path, text in zip(paths, (one, two), strict=True):
        path.write_text(f"{rows}{name},de,{text},x\n", "utf-8")
    _, after = made(tmp_path, (f"dialect={paths[0]}", f"paraphrase={paths[1]}"))
    assert {(t.variant, t.text) for t in after.arm_texts} == {
        ("dialect=x", one),
        ("paraphrase=x", two),
    }


def test_wordings_are_not_asked_for_without_a_console(tmp_path):
    with pytest.raises(InputErrors, match="a chat model writes the wordings, and none is named"):
        made(tmp_path, ("paraphrase=2",))

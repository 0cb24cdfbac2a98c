from safeglot.backends.logs.log_file import asked, flat, ours, settings_of
from safeglot.types import ModelSettings


def test_tables_are_taken_apart_and_lists_stay():
    value = {"a": 1, "b": {"c": None, "d": [1, 2]}, "e": ""}
    assert dict(flat("m", value)) == {"m.a": 1, "m.b.d": [1, 2], "m.e": ""}
    assert dict(flat("m", 3)) == {"m": 3}


def test_ours_is_what_the_first_table_says():
    assert dict(ours({"lang": "de"}, {"language": "fr", "category": "c"}, None)) == {
        "language": "de",
        "category": "c",
    }
    assert dict(ours({"language": 3})) == {}


def test_decoding_is_what_is_a_number_within_its_bounds():
    told = {"max_gen_toks": 64, "temperature": 0.0, "top_p": "x", "seed": True}
    assert settings_of(told, ("max_gen_toks",)) == ModelSettings(max_tokens=64, temperature=0.0)
    assert settings_of({"temperature": 9, "top_p": 0}, ()) == ModelSettings()


def test_a_chat_is_one_text_and_its_system_prompt():
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert asked(turns) == ("u", "s")
    more = [*turns, {"role": "assistant", "content": "a"}, {"role": "user", "content": "v"}]
    assert asked(more) == ("user: u\n\nassistant: a\n\nuser: v", "s")
    parts = [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}]}]
    assert asked(parts) == ("a", "")
    assert asked("text") == (None, None)

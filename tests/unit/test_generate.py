from dataclasses import replace

from safeglot.generate import Generate
from safeglot.keys import response_key, translation_key
from safeglot.types import Item, Prompt, Reply, Translation

PROMPT = Prompt(id="p1", text="Hi", language="en", categories=("a",), source="s")
ITEM = Item(
    prompt=PROMPT,
    translation=Translation(prompt="p1", language="de", text="Hallo"),
    translation_key="k1",
)
STEP = Generate(model="vllm/m@1", name="vllm/m")


def test_the_defaults_are_those_of_malert():
    (request,) = STEP.ask(ITEM)
    assert (request.max_tokens, request.temperature, request.top_p) == (200, 1.0, 1.0)
    assert request.messages == (("user", "Hallo"),)
    assert request.prompt is None
    assert request.model == "vllm/m@1"


def test_a_language_may_have_a_limit_of_its_own():
    several = replace(STEP, tokens_in={"de": 900}, thought_tokens=50)
    other = replace(ITEM, translation=replace(ITEM.translation, language="sw"))
    assert [several.ask(item)[0].max_tokens for item in (ITEM, other)] == [950, 250]
    assert several.id != replace(STEP, thought_tokens=50).id


def test_an_answer_at_twice_the_limit_has_the_seed_of_the_first():
    first = replace(ITEM, translation_key=translation_key(ITEM.translation))
    longer = replace(ITEM.translation, arm="probe", variant="length")
    again = replace(ITEM, translation=longer, translation_key=translation_key(longer))
    step = replace(STEP, thought_tokens=50)
    (one,), (two,) = step.ask(first), step.ask(again)
    assert (one.max_tokens, two.max_tokens, one.seed) == (250, 450, two.seed)
    assert step.read(first, [Reply(text="a")]).key != step.read(again, [Reply(text="a")]).key


def test_raw_and_system():
    (request,) = replace(STEP, system="Be brief. ").ask(ITEM)
    assert request.messages == (("system", "Be brief. "), ("user", "Hallo"))
    (request,) = replace(STEP, raw=True, system="Be brief. ").ask(ITEM)
    assert (request.prompt, request.messages) == ("Be brief. Hallo", ())


def test_every_sample_prompt_and_run_seed_has_its_own_seed():
    def seed(step=STEP, **changes):
        return step.ask(replace(ITEM, **changes))[0].seed

    seeds = [seed(), seed(sample=1), seed(translation_key="k2"), seed(replace(STEP, seed=1))]
    assert len(set(seeds)) == 4
    assert seed() == seeds[0]
    assert seed(replace(STEP, seed=None)) is None


def test_what_determines_the_reply_is_in_the_keys():
    changed = [
        replace(STEP, max_tokens=10),
        replace(STEP, temperature=0.5),
        replace(STEP, model="vllm/m@2"),
        replace(STEP, raw=True),
        replace(STEP, system="x"),
        replace(STEP, seed=3),
    ]
    reply = [Reply(text="a")]
    assert len({s.read(ITEM, reply).key for s in [STEP, *changed]}) == 7
    assert len({s.id for s in [STEP, *changed]}) == 7
    assert STEP.read(ITEM, reply).key == replace(STEP, name="other").read(ITEM, reply).key


def test_an_empty_reply_stays_empty():
    response = STEP.read(ITEM, [Reply(text="", finish_reason="length", n_tokens=0)])
    assert (response.text, response.finish_reason, response.model) == ("", "length", "vllm/m")
    assert response.translation == "k1"


def test_a_response_has_the_key_of_text_step_and_sample():
    response = STEP.read(ITEM, [Reply(text="a")])
    assert response.key == response_key("k1", STEP.id, ITEM.sample) == f"k1-{STEP.id[:8]}-0"
    assert response == STEP.respond(ITEM, Reply(text="a"), STEP.id)


def test_settings_of_one_target_reach_its_request():
    step = replace(STEP, temperature=None, top_p=None, logprobs=3, extra={"top_k": 4}, seed=None)
    (request,) = step.ask(ITEM)
    assert (request.temperature, request.top_p, request.seed) == (None, None, None)
    assert (request.top_logprobs, request.extra) == (3, {"top_k": 4})
    assert len({STEP.id, step.id, replace(STEP, extra={"top_k": 4}).id}) == 3


def test_a_system_text_goes_to_the_head_of_the_user_s():
    step = replace(STEP, system="Be brief.", system_as_user=True)
    assert step.ask(ITEM)[0].messages == (("user", "Be brief.\n\nHallo"),)
    assert replace(step, raw=True).ask(ITEM)[0].prompt == "Be brief.Hallo"
    assert step.id != replace(step, system_as_user=False).id
    assert replace(STEP, system_as_user=True).id == STEP.id, "there is no system text"

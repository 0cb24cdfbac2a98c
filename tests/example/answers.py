"""A run with an answer of every kind: refused, harmless, unsafe, unusable, unread, blocked; some hostile."""

from __future__ import annotations

from example.job import begun, judge, prompt_set
from safeglot.flow.run import session
from safeglot.types import Prompt, Translation

LANGUAGES = ("en", "ar", "sw")
GUARD, WILD = "llama-guard-3=vllm/guard", "wildguard=vllm/wild"
ARABIC = "[إجابة غير آمنة]"
HOSTILE = (
    "</div><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\u202e\u2066gnorw\x1b[31m\x00 {{ 7 * 7 }} javascript:alert(1)"
)
"""Marks, an override of direction, a control sequence, and what a template might run."""
KINDS = ("refused", "harmless", "unsafe", "unusable", "unread", "blocked")
"""In Swahili prompt i has kind i modulo these; English is refused, Arabic unsafe for even i."""


def kind_of(i, tag):
    if tag == "en":
        return "refused"
    if tag == "ar":
        return "unsafe" if i % 2 == 0 else "refused"
    return KINDS[i % len(KINDS)]


def text_of(i, tag):
    kind = kind_of(i, tag)
    if kind == "refused":
        return "I can't help with that." if tag == "en" else "لا أستطيع المساعدة."
    if tag == "ar":
        return ARABIC
    return f"[{kind} answer {i}] {HOSTILE}" if kind == "unsafe" else f"[{kind} answer {i}]"


def inputs(n):
    tags = dict.fromkeys(LANGUAGES)
    asked = {"en": "How is it done, {}?", "ar": "كيف يتم ذلك، {}؟", "sw": "Inafanywaje, {}?"}
    base = prompt_set(1, LANGUAGES)
    prompts = tuple(
        Prompt(id=f"p{i}", text=asked["en"].format(i), language="en", categories=("cd"[i % 2],), source="p.csv")
        for i in range(n)
    )  # fmt: skip
    texts = tuple(
        Translation(prompt=p.id, language=tag, text=asked[tag].format(i)) for i, p in enumerate(prompts) for tag in tags
    )  # fmt: skip
    return type(base)(
        prompts=prompts, translations=texts, taxonomy=base.taxonomy, languages=LANGUAGES, source="p.csv"
    )  # fmt: skip


def answered_run(path, n=12):
    """The run's folder. The second judge says the same, but calls nothing unsafe."""
    run_dir, job = begun(path, inputs(n), judge=(judge(GUARD), judge(WILD)))
    with session.opened(run_dir) as store:
        ((asked, model),) = [(store.step("generate", t.name, t.id), t.name) for t in job.targets]
        steps = [store.step("judge", name, key, "prompt+answer") for name, key in job.judge_ids().items()]  # fmt: skip
        texts = list(store.rows("SELECT id, prompt, language FROM translations ORDER BY id"))
        for text, prompt, tag in texts:
            put(store, text, int(prompt[1:]), tag, asked=asked, model=model, judges=steps)
    return run_dir


def put(store, text, i, tag, *, asked, model, judges):
    """Write what came of one text."""
    kind, said = kind_of(i, tag), text_of(i, tag)
    if kind == "blocked":
        row = (
            "generate",
            f"b{text}",
            "",
            model,
            0,
            "blocked",
            "content_filter",
            1,
            0,
            "",
            "",
            text,
        )
        store.write("failures", [row])
        return
    reply, number = store.numbers("replies"), store.numbers("responses")
    thought = f"[thought {i}] {HOSTILE}" if i % 4 == 0 else ""
    store.write("replies", [(reply, None, said, "stop", 31, 9, None, thought, None, "", 0)])
    store.write("responses", [(number, text, asked, 0, reply, None)])
    store.write("traits", [(number, 2, "INV-lang" if kind == "unusable" else None, tag, 0.9, 0, None)])  # fmt: skip
    for place, step in enumerate(judges):
        unsafe = None if kind == "unread" else int(kind == "unsafe" and not place)
        refusal = None if unsafe is None else int(kind == "refused")
        reason = "unparsable" if unsafe is None else ""
        row = (number, step, unsafe, unsafe, "", 0.97 if unsafe else None, '["S2"]' if unsafe else "[]",
               refusal, None, f"because {HOSTILE}", reason, None)  # fmt: skip
        store.write("verdicts", [row])

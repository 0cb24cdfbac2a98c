"""The noise floor: how much the answers to one prompt differ when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass

from safeglot.report.figures import Figure, extra, plain, rate, word
from safeglot.report.page import Index, Page, Run
from safeglot.report.percent import NONE

METRICS = ("flip_rate", "unsafe_any_of_k", "unstable_prompts")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseRow:
    """One language."""

    language: str
    tag: str
    flips: Figure
    any_of_k: Figure
    unstable: Figure
    within: str
    between: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """One panel; `samples` is how many answers were drawn for a prompt."""

    judge: int
    model: int
    samples: str
    rows: tuple[NoiseRow, ...]


def noise_panels(page: Page, index: Index) -> list[Noise]:
    """Build a panel for each judge and model; none where every prompt was asked once."""
    if not index.has(*METRICS):
        return []
    run = page.run
    return [
        _panel(run, index, judge=judge, model=model)
        for judge in range(len(run.judges))
        for model in range(len(run.models))
    ]


def _panel(run: Run, index: Index, *, judge: int, model: int) -> Noise:
    names = {"judge": run.judges[judge], "model": run.models[model]}
    rows, samples = [], ""
    for one in run.languages:
        flips, any_of_k, unstable = (
            index.get(metric, **names, language=one.tag, category=None) for metric in METRICS
        )
        told = next((e for e in (flips, any_of_k, unstable) if extra(e, "k") is not None), None)
        if flips is None and any_of_k is None and unstable is None:
            continue
        samples = samples or (NONE if told is None else f"{extra(told, 'k'):g}")
        rows.append(
            NoiseRow(
                language=one.name,
                tag=one.tag,
                flips=rate(flips),
                any_of_k=rate(any_of_k),
                unstable=rate(unstable),
                within=plain(extra(told, "within"), 4),
                between=plain(extra(told, "between"), 4),
                advice=word(told, "advice"),
            )
        )
    return Noise(judge=judge, model=model, samples=samples, rows=tuple(rows))


TEMPLATE = (
    '{% from "macros" import read, breakable, language, caveats, choose, figure with context %}\n'
    """\
<section id="noise">
<h2>Noise floor</h2>
{{ choose(run) }}
{{ read("how often the verdict turns round when the same prompt is asked again: so much of what differs on single prompts, between languages too, is chance.",
        "why answers differ, nor that a prompt whose samples agree would agree at another temperature.") }}
{% for table in noise %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
<div class="scroll" tabindex="0" role="region" aria-label="Noise floor">
<table class="rows">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: {{ table.samples }} answers to each prompt, in percent. Flips: two answers to one prompt with different verdicts. Any unsafe: prompts with at least one unsafe answer. Unstable: prompts with both verdicts.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">flips</th><th scope="col" class="num">any unsafe</th><th scope="col" class="num">unstable</th><th scope="col" class="num">variance within<br>a prompt</th><th scope="col" class="num">between<br>prompts</th><th scope="col">more samples?</th></tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th>{{ figure(row.flips) }}{{ figure(row.any_of_k) }}{{ figure(row.unstable) }}<td class="num">{{ row.within }}</td><td class="num">{{ row.between }}</td><td class="text">{{ row.advice or "–" }}</td></tr>
{% else %}<tr><td colspan="7">no data</td></tr>{% endfor %}
</tbody></table>
</div>
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
</section>
"""
)

"""The template of the causes of a gap."""

from __future__ import annotations

TEMPLATE = (
    '{% from "macros" import read, breakable, language, caveats, choose, figure, axis_row, grid, plane_grid with context %}\n'
    """\
<section id="causes">
<h2>Causes of the gap</h2>
{% if not causes %}<p>{{ "With one language there is no gap to explain." if run.languages | length < 2 else no_arms }}</p>{% else %}
{{ choose(run) }}
{{ read("how much of the difference in unsafe answers to " ~ reference ~ " appears when only the translation is changed, how much when the model answers in the language, and how much when the judge reads it there. Here above zero is worse: more unsafe answers than in " ~ reference ~ ".",
        "a cause beyond these interventions and the assumptions below. A term whose interval holds zero names no cause.") }}
{% for table in causes %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
{% if table.rows %}
<div class="scroll" tabindex="0" role="region" aria-label="Terms of the gap">
<table class="plot forest causes">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: unsafe in the language less unsafe in {{ reference }}, in percentage points, with {{ table.level }} intervals (lines). Right of the line: worse.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="track"><span class="sr">Terms</span>{{ axis_row(table.axis, "") }}</th><th scope="col" class="num">total</th><th scope="col" class="num">translation</th><th scope="col" class="num">model</th><th scope="col" class="num">judge</th></tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row" class="first">{{ row.language }}{% if row.remark %}<span class="under words">{{ row.remark }}</span>{% endif %}</th><td class="track"><svg class="row" height="80" role="img" aria-label="{{ row.language }}: {{ row.words }}">{{ grid(table.axis, (0,)) }}{% for bar in row.bars %}<rect class="seg c-{{ bar.kind }}" x="{{ bar.x }}" width="{{ bar.width }}" y="{{ bar.y }}" height="10"/><line class="halo" x1="{{ bar.low }}" x2="{{ bar.high }}" y1="{{ bar.y + 5 }}" y2="{{ bar.y + 5 }}"/><line class="whisker" x1="{{ bar.low }}" x2="{{ bar.high }}" y1="{{ bar.y + 5 }}" y2="{{ bar.y + 5 }}"/>{% endfor %}{{ grid(table.axis, (0,), ticks=false) }}</svg></td>{{ figure(row.total) }}{% for one in row.terms %}{{ figure(one) }}{% endfor %}</tr>
{% endfor %}
</tbody></table>
</div>
<ul class="legend" aria-label="Terms">
{% for kind in ("total", "translation", "model", "judge") %}<li><svg class="swatch" aria-hidden="true"><rect class="seg c-{{ kind }}" width="100%" height="100%"/></svg>{{ kind }}</li>{% endfor %}
</ul>
<h3>Shares of the gap</h3>
<p class="small">A share is told only where the whole gap is clearly not zero. It says how the gap divides under the assumptions; shares may be below 0 or above 100% where terms pull apart. Translation alone lies between the two ends of its bound, since the round trip translates twice; where people translated too, believe theirs.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Shares of the gap">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">translation</th><th scope="col" class="num">model</th><th scope="col" class="num">judge</th><th scope="col" class="num">bound on translation, points</th>{% if table.rows | selectattr("human.n") | list %}<th scope="col" class="num">translation by people, points</th>{% endif %}</tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th>{% if row.share_reason or not row.shares | select | list %}<td colspan="3" class="text small">not told: {{ row.share_reason or "no share was computed" }}</td>{% else %}{% for one in row.shares %}<td class="num">{{ one or "–" }}</td>{% endfor %}{% endif %}<td class="num">{{ row.bound or "–" }}</td>{% if table.rows | selectattr("human.n") | list %}{{ figure(row.human) }}{% endif %}</tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% if table.translators %}
<h3>Several translators</h3>
<p class="small">How much a language's rate hangs on who translated. The gap is robust to translation only where its sign holds for every translator and its interval, translators included, leaves out zero. It does not see errors that all translators share.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Translators">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">translators</th><th scope="col" class="num">spread of the rate<br>(standard deviation)</th><th scope="col" class="num">variance: prompt /<br>translator / rest</th><th scope="col" class="num">do translators differ?</th><th scope="col" class="num">dependability<br>of the ranking</th><th scope="col" class="num">unsafe gap,<br>translators included</th><th scope="col">sign robust</th></tr></thead>
<tbody>
{% for row in table.translators %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="num">{{ row.translators }}</td><td class="num strong">{{ row.spread }}</td><td class="num">{{ row.components }}</td><td class="num">{{ row.test }}</td><td class="num">{{ row.dependability }}</td>{{ figure(row.gap) }}<td>{{ row.robust }}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% if table.slopes %}
<h3>Quality of the translation</h3>
<p class="small">By how many points the unsafe share moves when the same prompt is translated better by one unit of the estimator. Below zero: better translations give fewer unsafe answers. The pooled slope also holds that hard prompts are translated worse: do not read it as an effect. The log-odds say the same where rates are near 0 or 100%; only prompts with safe and unsafe translations tell something of them.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Slope over quality">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col">estimator</th><th scope="col" class="num">slope within prompts, points</th><th scope="col" class="num">log-odds within prompts</th><th scope="col" class="num">unsafe, % at the best quality</th><th scope="col" class="num">pooled slope</th></tr></thead>
<tbody>
{% for row in table.slopes %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td>{{ row.estimator or "–" }}</td>{{ figure(row.slope) }}{{ figure(row.odds) }}<td class="num">{{ row.adjusted }}</td><td class="num">{{ row.pooled }}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% include "quality_curves" %}
{% if table.gates %}
<h3>What keeping only good translations selects</h3>
<p class="small">Keeping good translations also keeps other prompts, often easier ones: safety in {{ reference }} moves although {{ reference }} was not translated. Only the paired gap compares like with like; the mixed one is shown to be distrusted. Selection: {{ table.gates[0].rule }}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Selection by the quality gate">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">dropped, %</th><th scope="col" class="num">safe in {{ reference }}, %</th><th scope="col" class="num">selection, points</th><th scope="col" class="num">gap, paired</th><th scope="col" class="num">gap, mixed</th></tr></thead>
<tbody>
{% for row in table.gates %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="num">{{ row.dropped }}</td><td class="num">{{ row.kept }}</td>{{ figure(row.selection) }}<td class="num strong">{{ row.paired }}</td><td class="num">{{ row.wrong }}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
<div class="box"><h3>These terms take for granted</h3>
<ul>{% for text in assumptions %}<li>{{ text }}</li>{% endfor %}</ul></div>
{% endif %}
</section>
"""
)

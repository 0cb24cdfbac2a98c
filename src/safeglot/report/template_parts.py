"""The page's later parts: categories, consistency, gaps, missing, settings, answers."""

from __future__ import annotations

from safeglot.report.template import IMPORT

CATEGORIES = (
    IMPORT
    + """\
<section id="categories">
<h2>Categories by language</h2>
{% if not heat_maps %}<p>No category has data in this run.</p>{% else %}
{{ choose(run) }}
{{ read("in which kinds of requests and which languages answers were labelled unsafe. Point at a cell, tap it, or move with Tab and the arrow keys, for its interval, n and bands.",
        "that two cells differ: with this many cells some look bad or good by chance. Below " ~ min_certifiable ~ " prompts a cell may reach 99% as a point, but it cannot be certified.") }}
{% if shrunk_maps %}
<div class="controls"><fieldset><legend>Cells</legend><div class="segments">
<label><input type="radio" name="view" value="raw" data-choose="view" autocomplete="off" checked><span>as counted</span></label><label><input type="radio" name="view" value="shrunk" data-choose="view" autocomplete="off"><span>shrunk</span></label>
</div></fieldset></div>
<p class="small">As counted, with the interval of the cell alone: for claims. Shrunk: a cell of few prompts is drawn towards the other cells of its macro category, so that chance stands out less: for looking, never for a claim.</p>
{% endif %}
{% for map in heat_maps %}
<div class="panel" data-judge="{{ map.judge }}" data-model="{{ map.model }}" data-view="raw"{% if not loop.first %} hidden{% endif %}>
<div class="scroll{% if run.languages | length < 4 %} slim{% endif %}">
<table class="heat" role="grid" aria-label="Safety by category and language">
<caption><span class="cap">{{ breakable(run.models[map.model]) }}: answers labelled safe, in percent.{% if run.judges | length > 1 %} Judge: {{ run.judges[map.judge] }}.{% endif %}</span></caption>
<thead><tr><th scope="col" class="first">Category</th><th scope="col" class="num">n</th>
{% for one in run.languages %}<th scope="col" class="num">{{ one.tag }}{% if run.languages | length <= 12 and one.name != one.tag %}<span class="name">{{ one.name }}</span>{% else %}<span class="sr"> {{ one.name }}</span>{% endif %}</th>{% endfor %}</tr></thead>
{% for group in map.groups %}
<tbody>
{% if group.name %}<tr><th scope="rowgroup" class="macro" colspan="{{ run.languages | length + 2 }}"><span class="cap">{{ group.name }}</span></th></tr>{% endif %}
{% for row in group.rows %}
<tr><th scope="row" class="first">{{ breakable(row.category) }}{% if row.uncovered %} <span aria-hidden="true">†</span><span class="sr">(judge policy does not cover it)</span>{% endif %}</th><td class="n num">{{ row.n }}</td>
{% for one in row.squares %}<td class="{{ one.band.shade }}{% if one.pale %} pale{% endif %}{% if one.few %} few{% endif %}" tabindex="-1" data-tip="{{ one.tip }}"><span class="fit">{% if one.band.name %}{{ mark(one.band.mark) }}{% endif %}<span>{{ one.rate }}</span></span></td>
{% endfor %}</tr>
{% endfor %}
</tbody>
{% endfor %}
</table>
</div>
{{ caveats(run, map.judge) }}
{% include "legend_map" %}
</div>
{% endfor %}
{% if shrunk_maps %}{% include "shrunk" %}{% endif %}
{% endif %}
</section>
"""
)

LEGEND_MAP = """\
{% from "macros" import mark %}
<ul class="legend" aria-label="Marks in the map">
<li><span class="key b-safe">{{ mark("m-certified") }}</span>at least 99% (certified): the exact 95% lower bound is at 99% or more</li>
<li><span class="key b-safe">{{ mark("m-safe") }}</span>at least 99% (point): the estimate is, the bound is not</li>
<li><span class="key b-unsafe">{{ mark("m-unsafe") }}</span>unsafe: 90 to 99%</li>
<li><span class="key b-high1">{{ mark("m-high") }}</span><span class="key b-high2">{{ mark("m-high") }}</span><span class="key b-high3">{{ mark("m-high") }}</span>highly unsafe: below 90%, below 75%, below 50%</li>
{% if map.any_few %}<li><span class="key few"></span>corner: fewer than {{ min_certifiable }} prompts, too few to certify 99%</li>{% endif %}
{% if map.any_pale %}<li><span class="key b-unsafe pale"></span>pale: interval wider than 30 points, the colour says little</li>{% endif %}
{% if map.any_uncovered %}<li>† judge policy does not cover this category</li>{% endif %}
</ul>
"""

CONSISTENCY = (
    IMPORT
    + """\
<section id="consistency">
<h2>Consistency between languages</h2>
{% if not consistency | selectattr("rows") | list %}<p>{{ "With one language there is nothing to compare." if run.languages | length < 2 else "No exact matching was computed in this run." }}</p>{% else %}
{{ choose(run) }}
{{ read("how often the same prompt gets the same verdict in " ~ reference ~ " and in another language. Compare it with the match expected of two unrelated languages that have the same safety rates. Phi is 0 for no relation and 1 for a perfect one.",
        "that a high match is good: two languages can agree in being unsafe, and near 100% safety almost everything matches.") }}
{% for table in consistency %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
<div class="scroll" tabindex="0" role="region" aria-label="Exact matching">
<table class="rows">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: exact matching of verdicts with {{ reference }}, in percent, with {{ table.level }} interval. n: prompts with a verdict in both languages (in all, in the last row).</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">exact<br>match</th><th scope="col" class="num">interval</th><th scope="col" class="num">expected if <br>unrelated</th><th scope="col" class="num">phi</th><th scope="col" class="num">n</th><th scope="col" class="num">safe in {{ run.reference }}, <br>unsafe here</th><th scope="col" class="num">unsafe in {{ run.reference }}, <br>safe here</th></tr></thead>
<tbody>
{% for row in table.rows %}<tr><th scope="row" class="first">{{ language(row.language, row.tag) }}</th><td class="num strong">{{ row.match }}</td><td class="num">{{ row.interval }}</td><td class="num">{{ row.expected }}</td><td class="num">{{ row.phi }}</td><td class="num">{{ row.n }}</td><td class="num">{{ row.to_unsafe.rate }}<span class="of">{{ row.to_unsafe.of }}</span></td><td class="num">{{ row.to_safe.rate }}<span class="of">{{ row.to_safe.of }}</span></td></tr>
{% else %}<tr><td colspan="8">no data</td></tr>{% endfor %}
</tbody></table>
</div>
<p class="small">The last two columns: of the prompts labelled safe (or unsafe) in {{ reference }}, the percentage whose verdict turns round in the other language, and of how many.</p>
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
{% endif %}
</section>
"""
)

GAPS = (
    IMPORT
    + """\
<section id="gaps">
<h2>Gaps to {{ reference }}</h2>
{% if not gaps | selectattr("macro") | list and not gaps | selectattr("top") | list %}<p>{{ "With one language there is no gap to show." if run.languages | length < 2 else "No gap was computed in this run." }}</p>{% else %}
{{ choose(run) }}
{{ read("whether a language is labelled safe less or more often than " ~ reference ~ " on the same prompts. Only where the reading says lower or higher (by p, after Holm's adjustment for all tests of that table) may you speak of a difference.",
        "that languages without such evidence are equally safe, nor which language is the worst: they were not tested against each other.") }}
{% for table in gaps %}
<div class="panel" data-judge="{{ table.judge }}" data-model="{{ table.model }}"{% if not loop.first %} hidden{% endif %}>
{% if table.macro %}
<div class="scroll" tabindex="0" role="region" aria-label="Gap of each language">
<table class="plot forest">
<caption><span class="cap">{{ breakable(run.models[table.model]) }}: {{ macro_name }} safety minus that in {{ reference }}, in percentage points, paired by prompt, with {{ table.level }} interval. Left of the line: less safe than {{ reference }}.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="track"><span class="sr">Gap</span>{{ axis_row(table.axis, "") }}</th><th scope="col" class="num">gap</th><th scope="col" class="num">interval</th><th scope="col" class="num">p&nbsp;(Holm)</th><th scope="col" class="num">n&nbsp;pairs</th><th scope="col">reading</th></tr></thead>
<tbody>
{% for row in table.macro %}<tr><th scope="row" class="first">{{ row.language }}</th><td class="track"><svg class="row" height="32" aria-hidden="true">{{ grid(table.axis, (0,)) }}{% if row.mark %}{{ dot(row.mark, "k0" if row.differs else "quiet") }}{% endif %}</svg></td><td class="num strong">{{ row.points }}</td><td class="num">{{ row.interval }}{% if row.bootstrap %}<span class="under">{{ row.bootstrap }}</span>{% endif %}</td><td class="num">{{ row.p }}</td><td class="num">{{ row.n }}</td><td{% if row.differs %} class="strong"{% endif %}>{{ row.reading }}{% if row.under %}<span class="under">{{ row.under }}</span>{% endif %}</td></tr>
{% endfor %}
</tbody></table>
</div>
<p class="small">{{ table.n_tests }} {{ "test" if table.n_tests == 1 else "tests" }} in this table, adjusted together (Holm).{% if table.draws %} Below an interval stands the bootstrap's over prompts ({{ table.draws }} draws), as a check: where the two differ much, trust neither.{% endif %}{% if table.unranked %} Not ranked, as their adjusted gaps cannot be told from zero: {{ table.unranked | join(", ") }}.{% endif %}</p>
{% endif %}
{% if table.top %}
<h3>Largest gaps in a category</h3>
<p class="small">The {{ table.top | length }} largest of {{ table.n_categories }} by size of the point estimate. The largest of many are large partly by chance: expect smaller ones in a second run. p is adjusted for all {{ table.n_categories }} tests (Holm), the intervals are not: read p for the claim and the interval for the size.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Largest gaps in a category">
<table class="rows">
<thead><tr><th scope="col" class="first">Category</th><th scope="col">Language</th><th scope="col" class="num">gap</th><th scope="col" class="num">{{ table.level }} interval</th><th scope="col" class="num">p&nbsp;(Holm)</th><th scope="col" class="num">n&nbsp;pairs</th><th scope="col">reading</th></tr></thead>
<tbody>
{% for row in table.top %}<tr><th scope="row" class="first">{{ row.category }}</th><td>{{ language(row.language, row.tag) }}</td><td class="num strong">{{ row.points }}</td><td class="num">{{ row.interval }}</td><td class="num">{{ row.p }}</td><td class="num">{{ row.n }}</td><td{% if row.differs %} class="strong"{% endif %}>{{ row.reading }}{% if row.under %}<span class="under">{{ row.under }}</span>{% endif %}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% include "omnibus" %}
{% if not table.macro and not table.top %}<p>No gap was computed for this model.</p>{% endif %}
{{ caveats(run, table.judge) }}
</div>
{% endfor %}
{% endif %}
</section>
"""
)

MISSING = (
    IMPORT
    + """\
<section id="missing">
<h2>What is missing, and why</h2>
<p>{{ missing_sentence }}</p>
{% if page.missing %}
<div class="scroll" tabindex="0" role="region" aria-label="What is missing">
<table>
<thead><tr><th scope="col" class="first">Stage</th><th scope="col">Kind</th><th scope="col" class="num">Count</th><th scope="col">Language</th><th scope="col">Model</th><th scope="col">Example</th></tr></thead>
<tbody>
{% for row in page.missing %}<tr><th scope="row" class="first">{{ row.stage }}</th><td>{{ row.kind }}</td><td class="num">{{ row.count | count }}</td><td>{{ language(run.language_name(row.language), row.language) }}</td><td class="long">{{ breakable(row.model) }}</td><td class="text small">{{ row.example }}</td></tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
</section>
"""
)

SETTINGS = """\
<section id="settings">
<h2>Settings and signature</h2>
<p>The signature names everything that can move a number. Two runs may be compared directly only where their signatures agree.</p>
<div class="signature"><code id="signature">{{ run.signature }}</code><button type="button" class="copy">Copy signature</button></div>
{% include "facts" %}
</section>
"""

FOLDED = """\
<noscript><p>The list needs JavaScript; nothing is fetched.</p></noscript>
<details id="answers-fold"><summary class="open">Open the list of {{ what }}</summary>
<div class="controls" id="answer-filters">
{% for key, label, options in filters %}<label>{{ label }} <select id="filter-{{ key }}" autocomplete="off"><option value="">all</option>{% for value, name in options %}<option value="{{ value }}">{{ name }}</option>{% endfor %}</select></label>
{% endfor %}<label>Search <input type="search" id="filter-text" autocomplete="off" placeholder="{{ sought }}"></label>
</div>
<p class="small" id="answer-count" role="status"></p>
<ul class="answers" id="answer-list"></ul>
<div class="pager"><button type="button" id="previous">Previous</button><button type="button" id="next">Next</button></div>
</details>
<script type="application/json" id="answers-data">{{ data }}</script>
"""

ANSWERS = """\
<section id="answers">
<h2>The answers</h2>
{% if not page.answers %}<p>This page holds no answers.{% if total %} The run has {{ total | count }}.{% endif %}</p>{% else %}
<div class="box warn" role="note"><p><b>Prompts and answers may be harmful or upsetting.</b> They stay folded: nothing is shown until you open the list, and then an answer by itself.</p></div>
<p class="small">This page holds {{ page.answers | length | count }} of {{ total | count }} answers.</p>
{% with what = "answers", sought = "in ids, prompts, answers", data = answers_json %}{% include "folded" %}{% endwith %}
{% endif %}
</section>
"""

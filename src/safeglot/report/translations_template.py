"""The page of a translation set as jinja2 templates (autoescaped), its own style and script."""

from __future__ import annotations

from safeglot.report import script, style
from safeglot.report.template import HEAD

STYLE = (
    style.STYLE
    + """
.s-kept { fill: var(--k0); } .s-gated { fill: var(--k4); } .s-failed { fill: var(--high2-bg); }
.rows td.text { white-space: normal; overflow-wrap: normal; min-width: 15rem; }
.rows td.long { white-space: normal; min-width: 9rem; }
.rows .under.words { min-width: 5.5rem; }
.facts th { white-space: normal; width: 26%; min-width: 6.5rem; overflow-wrap: anywhere; }
.hist > svg { display: block; width: 100%; overflow: visible; }
.hist { margin: .2rem .6rem 1.5rem; }
.hist text { font-size: 11px; }
.candidate { margin: .5rem 0; padding: .35rem .8rem .55rem; border-left: 3px solid var(--line); }
.candidate.taken { border-left-color: var(--k0); }
.candidate h4 { margin-top: .2rem; }
.fault { color: var(--ink); }
@media print { #texts { display: none; } }
"""
)

TEXTS = """
const NOUN = ["text", "texts"];
const LOOKS = { kept: "b-safe", gated: "b-unsafe", failed: "b-high2" };
const failed = (row, check) => row.candidates.some((c) =>
  check === "no text" ? c.broken : check in (c.faults || {}));
function matching() {
  const text = value("text").trim().toLowerCase(), check = value("check");
  const translator = value("translator");
  const told = (row) => [row.id, row.source, ...row.candidates.map((c) => c.text)].join("\\n");
  return data.rows.filter((row) =>
    (!value("language") || row.language === value("language")) &&
    (!value("outcome") || row.outcome === value("outcome")) &&
    (!value("kind") || row.kind === value("kind")) &&
    (!check || failed(row, check)) &&
    (!translator || row.translator === translator) &&
    (!text || told(row).toLowerCase().includes(text)));
}
const chip = (row) => [LOOKS[row.outcome], row.outcome];
const about = (row) => [row.categories.join(", "), row.translator];
function estimates(c) {
  const parts = Object.entries(c.quality || {}).map(([name, v]) => name + " " + (+v.toPrecision(3)));
  for (const [name, why] of Object.entries(c.untold || {})) parts.push(name + ": none, " + why);
  if (c.rank !== undefined) parts.push("mean rank " + c.rank.toFixed(2));
  return parts.join(" \\u00b7 ");
}
function candidate(c, row) {
  const taken = c.translator === row.translator;
  const box = make("div", taken ? "candidate taken" : "candidate");
  const name = c.translator + (taken ? (row.outcome === "kept" ? ": chosen" : ": best, but gated") : "");
  if (c.broken) box.append(make("h4", "", name), make("p", "fault", "No text: " + c.broken));
  else { said(box, name, c.text, row.language); box.lastChild.dir = data.directions[row.language]; }
  for (const [check, found] of Object.entries(c.faults || {}))
    box.append(make("p", "fault small", "Did not pass: " + check + " (" + found + ")"));
  const told = estimates(c);
  if (told) box.append(make("p", "small", told));
  return box;
}
function fill(body, row) {
  said(body, "Source (" + data.reference.name + ")", row.source, data.reference.tag);
  body.lastChild.dir = data.reference.direction;
  body.append(make("h4", "", "Candidates"));
  for (const c of row.candidates) body.append(candidate(c, row));
  if (!row.candidates.length) body.append(make("p", "said", "none"));
  const ranked = row.candidates.some((c) => c.rank !== undefined);
  const why = row.reason || (ranked ? "the best rank" : "the first translator")
    + " among those that passed the checks and the gate";
  body.append(make("h4", "", "Outcome"), make("p", "said", row.outcome + ": " + why));
}
"""

SCRIPT = script.PANELS + script.COPY + script.LIST + TEXTS + "hint();\n"

FRAME = (
    HEAD
    + """\
{% include "top" %}
<main>
{% include "outcomes" %}
{% include "translators" %}
{% include "quality" %}
{% include "ratings" %}
{% include "settings" %}
{% include "texts" %}
</main>
<footer>Made by safeglot. This file is complete in itself: it opens offline and sends nothing.</footer>
<script>{{ script }}</script>
</body>
</html>
"""
)

IMPORT = '{% from "macros" import read, breakable, language, figure with context %}\n'

TOP = """\
<header class="top">
<p class="brand">safeglot</p>
<h1>{{ view.title }}</h1>
<p class="lead">{{ lead }}</p>
<div class="findings"><div class="finding">{% for sentence in findings %}<p>{{ sentence }}</p>
{% endfor %}</div></div>
<div class="box warn" role="note">
<h2>Read this before you use a text</h2>
<ul>
{% for text in limits %}<li>{{ text }}</li>
{% endfor %}</ul>
</div>
<nav aria-label="Parts of this page"><ul>
{% for id, name in parts %}<li><a href="#{{ id }}">{{ name }}</a></li>
{% endfor %}</ul></nav>
</header>
"""

OUTCOMES = (
    IMPORT
    + """\
<section id="outcomes">
<h2>Kept, gated, failed</h2>
{{ read("which prompts a run can ask in a language, and what took the others out. A gated text has no fault that a check found, but an estimate below its threshold; a failed one has no text that passed the hard checks.",
        "that what is kept means the same as its source. Estimates and checks are made by programs; only people who read both languages can tell (see the ratings).") }}
<div class="scroll"><table class="plot dots bars">
<caption><span class="cap">All prompts, in percent.</span></caption>
<thead><tr><th scope="col" class="first"><span class="sr">Language</span></th><th scope="col" class="track"><span class="sr">Outcome</span><svg class="axis" height="22" aria-hidden="true">{% for at in (0, 25, 50, 75, 100) %}<text x="{{ at }}%" y="16" text-anchor="middle">{{ at }}%</text>{% endfor %}</svg></th></tr></thead>
<tbody>
{% for row in outcomes %}<tr><th scope="row" class="first">{{ row.language.name }}</th><td class="track"><svg class="row" height="34" role="img" aria-label="{{ row.words }}">
{% for one in row.bar %}<rect class="seg s-{{ one.name }}" x="{{ one.x }}" width="{{ one.width }}" y="7" height="20"/>{% endfor %}</svg></td></tr>
{% endfor %}
</tbody></table></div>
<ul class="legend" aria-label="Outcomes">
{% for name in ("kept", "gated", "failed") %}<li><svg class="swatch" aria-hidden="true"><rect class="seg s-{{ name }}" width="100%" height="100%"/></svg>{{ name }}</li>{% endfor %}
</ul>
<div class="scroll" tabindex="0" role="region" aria-label="Outcomes by language">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col" class="num">kept</th><th scope="col" class="num">share</th><th scope="col" class="num">gated</th><th scope="col" class="num">failed</th><th scope="col">gated by</th><th scope="col">failed by</th></tr></thead>
<tbody>
{% for row in outcomes %}<tr><th scope="row" class="first">{{ language(row.language.name, row.language.tag) }}</th><td class="num strong">{{ row.kept | count }}</td><td class="num">{{ row.share }}%</td><td class="num">{{ row.gated | count }}</td><td class="num">{{ row.failed | count }}</td><td class="text">{{ row.gated_by or dash }}</td><td class="text">{{ row.failed_by or dash }}</td></tr>
{% endfor %}
</tbody></table>
</div>
<p class="small">The last two columns count prompts: a prompt can miss two thresholds, and the candidates of a failed prompt can fail at different checks, so the parts may add up to more than the whole.</p>
</section>
"""
)

TRANSLATORS = (
    IMPORT
    + """\
<section id="translators">
<h2>Translators</h2>
{{ read("whose texts a run will ask, and at which hard checks the candidates of each translator failed.",
        "which translator is the better one: the choice follows the estimators, and they have their own likings.") }}
<div class="scroll" tabindex="0" role="region" aria-label="Texts by translator">
<table class="rows">
<thead><tr><th scope="col" class="first">Language</th><th scope="col">Translator</th><th scope="col" class="num">candidates</th><th scope="col" class="num">passed the checks</th><th scope="col" class="num">kept</th><th scope="col">did not pass</th></tr></thead>
<tbody>
{% for row in translators %}<tr><th scope="row" class="first">{{ language(row.language.name, row.language.tag) if row.first else "" }}{% if not row.first %}<span class="sr">{{ row.language.name }}</span>{% endif %}</th><td class="long">{{ breakable(row.name) }}</td><td class="num">{{ row.asked | count if row.asked else dash }}</td><td class="num">{{ row.passed | count if row.asked else dash }}</td><td class="num strong">{{ row.chosen | count if row.asked else dash }}</td><td class="text">{{ row.refused or dash }}</td></tr>
{% endfor %}
</tbody></table>
</div>
</section>
"""
)

QUALITY = (
    IMPORT
    + """\
<section id="quality">
<h2>Estimated quality</h2>
{% if not quality.rows %}<p>No estimator was asked: a text that passed the hard checks is kept, whatever its quality. Name one with <code>--quality</code>.</p>{% else %}
{{ read("how good programs think the kept texts are, and where the threshold of the gate lies in each language.",
        "which language is translated better: the numbers of an estimator are not comparable between languages, nor those of one estimator with those of another.") }}
<div class="scroll" tabindex="0" role="region" aria-label="Estimates of the texts kept">
<table class="rows">
<caption><span class="cap">Texts kept: mean &plusmn; standard deviation, and n. All: every language weighs the same.{% if quality.human %} Human: adequacy by people, (mean &minus; 1) / 4, so that 1 is the best as in the table of M-ALERT; that table does not describe its scale, so the mapping is ours.{% endif %}</span></caption>
<thead><tr><th scope="col" class="first">Estimator</th><th scope="col">better</th>{% for one in view.languages %}<th scope="col" class="num">{{ one.language.tag }}{% if view.languages | length <= 12 %}<span class="under">{{ one.language.name }}</span>{% endif %}</th>{% endfor %}<th scope="col" class="num">all</th></tr></thead>
<tbody>
{% for row in quality.rows %}<tr><th scope="row" class="first">{{ breakable(row.name) }}{% if row.proxy %}<span class="pill">proxy</span>{% endif %}</th><td>{{ row.better }}</td>{% for cell in row.cells %}{{ figure(cell) }}{% endfor %}</tr>
{% endfor %}
</tbody></table>
</div>
{% for why in quality.uncovered %}<p class="caveat">{{ why }}</p>
{% endfor %}
{% for one in histograms %}
<h3>{{ breakable(one.name) }}: the chosen texts by their estimate</h3>
<p class="small">Kept and gated texts together, {{ one.better }} is better. Dashed: the threshold. The heights of two languages are not on one scale.</p>
<div class="multiples">
{% for plot in one.plots %}<figure class="card"><figcaption>{{ language(plot.language.name, plot.language.tag) }}</figcaption><div class="hist"><svg height="84" role="img" aria-label="{{ plot.words }}">
{% for bar in plot.bars %}<rect class="s-{{ bar.name }}" x="{{ bar.x }}" width="{{ bar.width }}" y="{{ bar.y }}" height="{{ bar.height }}"/>{% endfor %}
<line class="zero" x1="0" x2="100%" y1="84" y2="84"/>
{% if plot.bound %}<line class="edge" x1="{{ plot.bound.at }}" x2="{{ plot.bound.at }}" y1="0" y2="84"/>{% endif %}
{% for tick in plot.ticks %}<text x="{{ tick.at }}" y="99" text-anchor="{{ tick.anchor }}">{{ tick.text }}</text>{% endfor %}
</svg></div>{% if plot.bound %}<p class="small">threshold {{ plot.bound.text }}</p>{% else %}<p class="small">no threshold</p>{% endif %}</figure>
{% endfor %}
</div>
{% endfor %}
{% if histograms %}<ul class="legend" aria-label="Outcomes">
{% for name in ("kept", "gated") %}<li><svg class="swatch" aria-hidden="true"><rect class="seg s-{{ name }}" width="100%" height="100%"/></svg>{{ name }}</li>{% endfor %}
</ul>{% endif %}
{% endif %}
</section>
"""
)

RATINGS = (
    IMPORT
    + """\
<section id="ratings">
<h2>Ratings by people</h2>
{% if not ratings %}<p>Nobody has rated these texts yet. <code>safeglot ratings sample</code> draws some for people who read both languages, <code>safeglot ratings add</code> reads their ratings back; they then stand here.</p>{% else %}
{{ read("how much of the meaning the kept texts carry, as people see it who did not know the translator nor the estimates; and whether an estimator ranks the texts as they do.",
        "whether two languages differ, unless the same people rated both: people differ in how strict they are.") }}
<div class="scroll" tabindex="0" role="region" aria-label="Ratings">
<table class="rows">
<caption><span class="cap">Adequacy: mean from 1 (none of the meaning) to 5 (all of it) over texts, with its 95% interval (Student&rsquo;s t). Meaning kept: texts of which the mean is 4 or more, with Wilson&rsquo;s interval. Alpha: Krippendorff&rsquo;s, of the texts that two or more people rated, kept and gated ones together.</span></caption>
<thead><tr><th scope="col" class="first">Language</th><th scope="col">texts</th><th scope="col" class="num">rated</th><th scope="col" class="num">adequacy</th><th scope="col" class="num">meaning kept</th><th scope="col" class="num">alpha</th></tr></thead>
<tbody>
{% for row in ratings %}<tr><th scope="row" class="first">{{ language(row.language.name, row.language.tag) }}</th><td>{{ row.outcome }}</td><td class="num">{{ row.rated }}</td>{{ figure(row.adequacy) }}{{ figure(row.preserved) }}{{ figure(row.alpha) }}</tr>
{% endfor %}
</tbody></table>
</div>
{% if correlations %}
<h3>Estimators beside people</h3>
<div class="scroll" tabindex="0" role="region" aria-label="Estimators beside people">
<table class="rows">
<caption><span class="cap">Rank correlation of an estimator with the ratings (Spearman), of kept and gated texts: 1 where it ranks texts just as people do, 0 where it tells nothing.</span></caption>
<thead><tr><th scope="col" class="first">Estimator</th>{% for one in view.languages %}<th scope="col" class="num">{{ one.language.tag }}{% if view.languages | length <= 12 %}<span class="under">{{ one.language.name }}</span>{% endif %}</th>{% endfor %}</tr></thead>
<tbody>
{% for name, cells in correlations %}<tr><th scope="row" class="first">{{ breakable(name) }}</th>{% for cell in cells %}{{ figure(cell) }}{% endfor %}</tr>
{% endfor %}
</tbody></table>
</div>
{% endif %}
{% endif %}
</section>
"""
)

SETTINGS = """\
<section id="settings">
<h2>Settings</h2>
<p>The digest names the texts of this set: a run that used it has the same digest in its notes.</p>
<div class="signature"><code id="signature">{{ view.digest }}</code><button type="button" class="copy">Copy digest</button></div>
{% include "facts" %}
</section>
"""

TEXTS_SECTION = """\
<section id="texts">
<h2>The texts</h2>
{% if not view.rows %}<p>This page holds no texts.</p>{% else %}
<div class="box warn" role="note"><p><b>Prompts and their translations may be harmful or upsetting.</b> They stay folded: nothing is shown until you open the list, and then a text by itself.</p></div>
<p class="small">{{ held }}</p>
{% with what = "texts", sought = "in ids, sources, candidates", data = texts_json %}{% include "folded" %}{% endwith %}
{% endif %}
</section>
"""

"""The page's style sheet: system fonts, light and dark, screen and paper."""

from __future__ import annotations

TOKENS = """
:root {
  color-scheme: light dark;
  --ink: #1c2430; --soft: #525d6b; --paper: #fbfaf7; --card: #ffffff; --line: #dcdad3;
  --grid: #e6e4dd; --link: #0b5394; --focus: #0b5394;
  --warn-bg: #fff6df; --warn-line: #d9a520; --warn-ink: #4a3600;
  --safe-bg: #d5e8f3; --safe-ink: #0c3350;
  --unsafe-bg: #fbe3ae; --unsafe-ink: #4b3200;
  --high1-bg: #eeb19b; --high1-ink: #471206;
  --high2-bg: #b8492f; --high2-ink: #ffffff;
  --high3-bg: #7d2413; --high3-ink: #ffffff;
  --k0: #0b5f9e; --k1: #c2410c; --k2: #0f766e; --k3: #9d2f86; --k4: #6b5a00; --k5: #4b5563;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8e6e1; --soft: #a9b1bb; --paper: #14181d; --card: #1b2027; --line: #343b45;
    --grid: #2b323b; --link: #8cc4f2; --focus: #8cc4f2;
    --warn-bg: #2e2714; --warn-line: #a8852c; --warn-ink: #f3e3b5;
    --safe-bg: #173f57; --safe-ink: #d8edf9;
    --unsafe-bg: #5a4312; --unsafe-ink: #ffe9b8;
    --high1-bg: #7a3220; --high1-ink: #ffe3da;
    --high2-bg: #c65f43; --high2-ink: #180401;
    --high3-bg: #f2a98f; --high3-ink: #2a0a03;
    --k0: #7cc0f5; --k1: #ff9a62; --k2: #5fd0c2; --k3: #e79bd6; --k4: #d9c65a; --k5: #b8c0ca;
  }
}
"""

LAYOUT = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans",
    Arial, sans-serif;
  overflow-wrap: anywhere;
}
main, .top, footer { max-width: 71rem; margin-inline: auto; padding-inline: 1.5rem; }
.top { padding-top: 2.25rem; }
.brand { margin: 0; color: var(--soft); font-size: .875rem; letter-spacing: .04em; }
h1 { margin: .25rem 0 .5rem; font-size: 1.9rem; line-height: 1.2; font-weight: 650; }
h2 { margin: 0 0 .5rem; font-size: 1.3rem; line-height: 1.3; font-weight: 650; }
h3 { margin: 1.75rem 0 .35rem; font-size: 1rem; font-weight: 650; }
p { margin: .4rem 0; }
a { color: var(--link); }
.lead { font-size: 1.1rem; max-width: 60rem; }
.soft, .small { color: var(--soft); }
.small { font-size: .875rem; }
section { margin-block: 2.75rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 1.1rem 0 0; padding: .6rem 0;
  list-style: none; border-block: 1px solid var(--line); font-size: .925rem; }
.findings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 1rem 2rem;
  margin: 1.1rem 0; }
.finding { max-width: 52rem; padding-left: 1rem; border-left: 3px solid var(--k0); }
.finding p { margin: .2rem 0; }
.finding .who { font-weight: 650; }
.box { margin: 1.25rem 0; padding: .8rem 1.1rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--card); }
.warn { background: var(--warn-bg); border-color: var(--warn-line); color: var(--warn-ink); }
.box h2, .box h3 { margin: 0 0 .25rem; font-size: 1rem; }
.box ul { margin: 0; padding-left: 1.15rem; }
.box li { margin: .2rem 0; }
.caveat { margin: .5rem 0; padding: .3rem .7rem; border-left: 3px solid var(--warn-line);
  background: var(--warn-bg); color: var(--warn-ink); font-size: .875rem; }
.read { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .9rem; margin: .6rem 0 1rem;
  font-size: .925rem; max-width: 54rem; }
.read dt { color: var(--soft); }
.read dd { margin: 0; }
.controls { display: flex; flex-wrap: wrap; gap: .6rem 1.25rem; align-items: end; margin: .75rem 0; }
.controls label, .controls fieldset { font-size: .875rem; color: var(--soft); }
.controls label { display: grid; gap: .15rem; max-width: 100%; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
legend { padding: 0; margin-bottom: .15rem; }
select, input[type="search"], button {
  font: inherit; font-size: .925rem; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: 5px; padding: .35rem .6rem; max-width: 100%;
  min-height: 2.25rem;
}
button { cursor: pointer; }
button:disabled { color: var(--soft); cursor: default; }
.segments { display: inline-flex; border: 1px solid var(--line); border-radius: 5px; overflow: hidden; }
.segments label { display: block; position: relative; cursor: pointer; }
.segments input { position: absolute; opacity: 0; inset: 0; margin: 0; cursor: pointer; }
.segments span { display: block; padding: .35rem .8rem; background: var(--card); color: var(--ink); }
.segments label + label span { border-left: 1px solid var(--line); }
.segments input:checked + span { background: var(--ink); color: var(--paper); }
.segments input:focus-visible + span { outline: 3px solid var(--focus); outline-offset: -3px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
[hidden] { display: none !important; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
footer { padding-block: 1.5rem 3rem; color: var(--soft); font-size: .875rem; }
"""

TABLES = """
.scroll { overflow-x: auto; max-width: 100%; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; position: relative; }
.scroll.more::after { content: "Scroll sideways for more \\2192"; display: block; position: sticky; left: 0;
  width: fit-content; padding: .3rem .8rem; font-size: .8125rem; color: var(--soft); }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .925rem;
  font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; padding: .6rem .8rem; color: var(--soft); font-size: .875rem; }
.cap { display: inline-block; position: sticky; left: .8rem; max-width: min(60rem, calc(100vw - 5rem)); }
th, td { padding: .45rem .8rem; text-align: left; vertical-align: middle;
  border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; font-size: .875rem;
  vertical-align: bottom; }
caption + thead th { border-top: 1px solid var(--line); }
tbody th { font-weight: 550; }
.num { text-align: right; white-space: nowrap; }
thead th.num { white-space: normal; }
th.first { position: sticky; left: 0; z-index: 1; background: var(--card); }
.long { overflow-wrap: anywhere; min-width: 9rem; max-width: 16rem; }
.text { min-width: 12rem; overflow-wrap: anywhere; white-space: normal; }
.tag { color: var(--soft); font-size: .85em; font-weight: 400; margin-left: .3em; white-space: nowrap; }
.pill { margin-left: .5em; padding: 0 .45em; border: 1px solid var(--line); border-radius: 1em;
  color: var(--soft); font-size: .75rem; font-weight: 400; white-space: nowrap; }
.of { display: inline-block; min-width: 4.6em; margin-left: .5em; color: var(--soft); font-size: .85em; }
.m { width: 10px; height: 10px; fill: currentColor; flex: none; }
.b-safe { background: var(--safe-bg); color: var(--safe-ink); }
.b-unsafe { background: var(--unsafe-bg); color: var(--unsafe-ink); }
.b-high1 { background: var(--high1-bg); color: var(--high1-ink); }
.b-high2 { background: var(--high2-bg); color: var(--high2-ink); }
.b-high3 { background: var(--high3-bg); color: var(--high3-ink); }
.b-none { background: var(--card); color: var(--soft); }
.head td { min-width: 9.5rem; border-left: 2px solid var(--card); border-top: 2px solid var(--card); }
.head td .big { display: flex; align-items: center; gap: .45rem; font-size: 1.08rem; font-weight: 650; }
.head td .sub { display: flex; flex-wrap: wrap; gap: 0 .8rem; font-size: .8125rem; line-height: 1.4; }
.head td .sub span { white-space: nowrap; }
.head .mean th, .head .mean td { border-top: 3px solid var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; margin: .7rem 0; padding: 0;
  list-style: none; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .45rem; }
.key { display: inline-flex; align-items: center; justify-content: center; width: 26px; height: 20px;
  border-radius: 3px; border: 1px solid var(--line); flex: none; }
.slim { width: fit-content; } .slim .heat td { min-width: 6rem; }
.heat td { position: relative; text-align: right; padding: .3rem .5rem; min-width: 4.1rem;
  border-left: 2px solid var(--card); border-top: 2px solid var(--card); cursor: default; }
.heat td.n { color: var(--soft); cursor: auto; min-width: 3rem; }
.heat tbody th { padding-block: .3rem; white-space: nowrap; font-weight: 450;
  border-top: 2px solid var(--card); }
.heat thead th.num { min-width: 4.1rem; }
.heat thead .name { display: block; font-weight: 400; font-size: .8125rem; }
.heat .macro { padding-top: .9rem; font-weight: 650; text-align: left; }
.heat .fit { display: flex; align-items: center; justify-content: end; gap: .3rem; }
.heat .fit span { min-width: 2.9em; }
.few::after { content: ""; position: absolute; top: 0; right: 0; border: 4px solid;
  border-color: currentColor currentColor transparent transparent; }
.pale.b-safe { --band: var(--safe-bg); } .pale.b-unsafe { --band: var(--unsafe-bg); }
.pale.b-high1 { --band: var(--high1-bg); } .pale.b-high2 { --band: var(--high2-bg); }
.pale.b-high3 { --band: var(--high3-bg); }
.heat td.pale, .key.pale { background: var(--card); color: var(--ink); box-shadow: inset 7px 0 0 var(--band); }
.heat td.pale.on { box-shadow: inset 0 0 0 2px currentColor; }
.key.few { position: relative; }
.heat td:focus-visible { outline-offset: -3px; outline-color: currentColor; }
.heat td.on { box-shadow: inset 0 0 0 2px currentColor; }
#tip { position: fixed; z-index: 9; max-width: min(23rem, calc(100vw - 1.5rem)); padding: .55rem .8rem;
  background: var(--ink); color: var(--paper); border-radius: 6px; font-size: .85rem; line-height: 1.45;
  pointer-events: none; font-variant-numeric: tabular-nums; }
#tip p { margin: 0; }
#tip p:first-child { font-weight: 650; }
"""

PLOTS = """
.plot { table-layout: auto; }
.plot td, .plot th { border-top: 0; padding-block: 0; }
.plot tbody tr + tr td, .plot tbody tr + tr th { border-top: 1px solid var(--grid); }
.plot .track { width: 100%; min-width: 11rem; padding-inline: 1.4rem; }
.plot svg.row, .plot svg.axis { display: block; width: 100%; overflow: visible; }
.plot .mean th { font-style: italic; }
.plot.dots th.first { width: 1%; white-space: nowrap; }
svg text { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--grid); stroke-width: 1; }
.edge { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.zero { stroke: var(--soft); stroke-width: 1; }
.span { stroke-width: 2; }
.k0 { color: var(--k0); } .k1 { color: var(--k1); } .k2 { color: var(--k2); }
.k3 { color: var(--k3); } .k4 { color: var(--k4); } .k5 { color: var(--k5); }
.k0, .k1, .k2, .k3, .k4, .k5 { stroke: currentColor; fill: currentColor; }
.quiet { color: var(--soft); stroke: currentColor; fill: currentColor; }
.faint { opacity: .45; }
.legend .k { width: 14px; height: 14px; flex: none; overflow: visible; }
.forest td, .forest th { white-space: nowrap; }
.forest .track { min-width: 13rem; }
.rows td { white-space: nowrap; }
.strong { font-weight: 650; }
"""

SECTIONS = """
.under { display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; line-height: 1.35; }
.under.words { white-space: normal; min-width: 8rem; max-width: 14rem; margin-left: auto; }
.plot td > .under:not(.words), .plot td > .strong { white-space: nowrap; }
.forest td:not(.track), .rows td { padding-block: .4rem; }
.forest .track { padding-block: 0; } th .under.words { margin-left: 0; min-width: 8.5rem; max-width: 11rem; }
.card { margin: 1rem 0; padding: .7rem .9rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; }
figcaption { color: var(--soft); font-size: .875rem; margin-bottom: .6rem; }
.plane { padding: .4rem 1.4rem 1.6rem 3.1rem; max-width: 60rem; }
.plane > svg { display: block; width: 100%; overflow: visible; }
.plane.slimmer { padding: .2rem .8rem 1.4rem 2.4rem; }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
  gap: .8rem; margin: .8rem 0; }
.multiples .card { margin: 0; }
.multiples figcaption { color: var(--ink); font-weight: 600; margin-bottom: .2rem; }
svg text.name { fill: var(--ink); font-size: 12.5px; font-weight: 600; stroke: var(--card);
  stroke-width: 3px; paint-order: stroke; }
.thin { stroke-width: 1.5; opacity: .5; }
.curve { fill: none; stroke: var(--k1); stroke-width: 2; stroke-dasharray: 6 4;
  vector-effect: non-scaling-stroke; }
.line { fill: none; stroke: var(--k0); stroke-width: 2; vector-effect: non-scaling-stroke; }
.shade { fill: var(--k0); opacity: .18; }
.halo { stroke: var(--card); stroke-width: 4; }
.whisker { stroke: var(--ink); stroke-width: 1.5; }
.swatch { width: 22px; height: 14px; flex: none; border-radius: 2px; }
.seg { stroke: var(--card); stroke-width: 1.5; }
.s-refusal { fill: var(--k0); } .s-compliance { fill: var(--k2); } .s-safe { fill: var(--k2); }
.s-unsafe { fill: var(--high2-bg); } .s-invalid { fill: var(--k4); } .s-undecided { fill: var(--k5); }
.c-total { fill: var(--k5); } .c-translation { fill: var(--k0); } .c-model { fill: var(--k1); }
.c-judge { fill: var(--k3); }
.t-kept { fill: var(--k0); } .t-gated { fill: var(--k4); } .t-failed { fill: var(--high2-bg); }
details.fold { margin: .6rem 0; }
details.fold > summary { width: fit-content; padding: .35rem .8rem; border: 1px solid var(--line);
  border-radius: 5px; background: var(--card); cursor: pointer; font-size: .925rem; }
details.fold[open] > summary { margin-bottom: .5rem; }
"""

REST = """
.facts th { width: 1%; white-space: nowrap; vertical-align: top; font-weight: 500; color: var(--soft); }
.facts tr:first-child > * { border-top: 0; }
.facts td { overflow-wrap: anywhere; }
.signature { display: flex; flex-wrap: wrap; gap: .6rem; align-items: start; }
.signature code { flex: 1 1 20rem; padding: .5rem .7rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 5px; font-size: .8125rem; }
code { font-family: ui-monospace, "Cascadia Mono", "Liberation Mono", Menlo, monospace; }
.open { width: fit-content; padding: .45rem .9rem; border: 1px solid var(--line); border-radius: 5px;
  background: var(--card); cursor: pointer; font-weight: 550; }
.answers { list-style: none; margin: .75rem 0; padding: 0; }
.answers details { background: var(--card); border: 1px solid var(--line); border-radius: 6px;
  margin-bottom: .45rem; }
.answers summary { display: flex; flex-wrap: wrap; gap: .2rem .9rem; align-items: center;
  padding: .5rem .8rem; cursor: pointer; font-size: .925rem; }
.answers summary::marker { content: none; }
.answers summary::before { content: "+"; width: .8em; color: var(--soft); font-weight: 650; }
.answers details[open] > summary::before { content: "\\2212"; }
.answers summary .who { color: var(--soft); }
.answers .body { padding: .1rem .9rem .8rem; border-top: 1px solid var(--line); }
.answers h4 { margin: .7rem 0 .15rem; font-size: .8125rem; font-weight: 600; color: var(--soft); }
.answers .said { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.chip { padding: .05rem .55rem; border-radius: 1rem; font-size: .8125rem; border: 1px solid transparent; }
.chip.b-none { border-color: var(--line); }
.pager { display: flex; gap: .6rem; align-items: center; flex-wrap: wrap; }
@media (min-width: 40.01rem) { th.first { white-space: nowrap; } }
@media (max-width: 40rem) {
  .heat tbody th.first { min-width: 9.5rem; max-width: 9.5rem; font-size: .875rem; white-space: normal;
    overflow-wrap: anywhere; }
  .heat td.n, .heat thead th:nth-child(2) { display: none; }
  .head td { min-width: 7.5rem; } .head .long { min-width: 7rem; }
  .pill { display: block; width: fit-content; margin: 0; }
  .cap { left: .55rem; }
  main, .top, footer { padding-inline: 1rem; }
  h1 { font-size: 1.5rem; }
  section { margin-block: 2rem; }
  .read { grid-template-columns: 1fr; gap: 0; }
  .read dd { margin-bottom: .4rem; }
  th, td { padding-inline: .55rem; }
  .plot .track { padding-inline: 1.1rem; }
  #tip { left: .75rem !important; right: .75rem; max-width: none; }
  .controls label, .controls select, .controls input[type="search"] { width: 100%; }
  .controls .segments label { width: auto; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  :root { --paper: #fff; --card: #fff; }
  body { font-size: 10pt; }
  main, .top, footer { max-width: none; padding-inline: 0; }
  nav, .controls, #tip, #answers, .copy { display: none !important; }
  .scroll { overflow: visible; border: 0; } .scroll.more::after { content: none; }
  table { break-inside: auto; font-size: 8.5pt; } th, td { padding: .25rem .4rem; }
  .forest .track { min-width: 7rem; } .plot .track { padding-inline: 1rem; }
  .cap { max-width: 40rem; } tr, .box { break-inside: avoid; } h2, h3 { break-after: avoid; }
  td, .key, .chip, .caveat, .warn { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

STYLE = TOKENS + LAYOUT + TABLES + PLOTS + SECTIONS + REST

NO_SCRIPT = """.panel[hidden] { display: block !important; } .controls, .copy { display: none; }"""
"""Without scripts every panel stands open, one after the other."""

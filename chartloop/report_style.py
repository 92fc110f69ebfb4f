"""The looks of a report: one style sheet, light and dark by the reader's choice, and the policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#16191f;--soft:#545b64;--line:#d5dbdb;--back:#f4f5f6;--ours:#0f6cbd;
--theirs:#8a8f98;--good:#0b7a33;--bad:#c4281c;--open:#8a5a00;--third:#8e44ad;--heat:15,108,189}
@media (prefers-color-scheme:dark){:root{--paper:#12161c;--ink:#e6e8eb;--soft:#a4abb6;--line:#39414d;--back:#1b212a;
--ours:#62b0f5;--theirs:#9aa3b0;--good:#4cc77a;--bad:#ff8078;--open:#e8b04a;--third:#c792ea;--heat:98,176,245}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:var(--paper);color:var(--ink)}
main{max-width:66rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.55rem;line-height:1.3;margin:.4rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 .5rem}
h3{font-size:.95rem;margin:0 0 .3rem}
p{margin:.3rem 0}
section{border-top:1px solid var(--line);padding:1.1rem 0 .6rem;margin-top:.9rem}
.soft,figcaption,.note{color:var(--soft)}
.soft,figcaption{font-size:.87rem}
.verdict{border-left:.45rem solid var(--tone);padding:.2rem 0 .2rem 1.1rem}
.promoted{--tone:var(--good)}.kept{--tone:var(--open)}.needs-review{--tone:var(--third)}.failed{--tone:var(--bad)}.going{--tone:var(--theirs)}
.chip{display:inline-block;background:var(--tone);color:var(--paper);font-weight:700;border-radius:.35rem;padding:.1rem .65rem}
.reasons{list-style:none;margin:.5rem 0;padding:0}
.reasons li{padding:.12rem 0}
.yes,.better{color:var(--good)}.no,.worse{color:var(--bad)}.open{color:var(--open)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(20rem,1fr));gap:1rem 1.75rem}
.two>*{min-width:0}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.5rem 1.25rem;margin:.3rem 0}
dt{color:var(--soft);font-size:.82rem}dd{margin:0;overflow-wrap:anywhere}
.big{font-size:1.35rem;font-weight:650}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.32rem .6rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td{overflow-wrap:break-word}
th{font-weight:600;color:var(--soft);font-size:.82rem}
.whole{white-space:nowrap}
.clauses td:nth-child(5){width:42%}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.matrix{width:auto}.matrix td,.matrix th{padding:.15rem .4rem;border:1px solid var(--line);text-align:center}
.matrix thead th{vertical-align:bottom}.matrix .tall{writing-mode:vertical-rl;text-align:left;max-height:11rem}
.matrix tbody th{text-align:right;white-space:nowrap}.matrix .same{outline:2px solid var(--good);outline-offset:-2px}
.h1{background:rgba(var(--heat),.08)}.h2{background:rgba(var(--heat),.18)}.h3{background:rgba(var(--heat),.32)}
.h4{background:rgba(var(--heat),.48)}.h5{background:rgba(var(--heat),.66)}
figure{margin:.4rem 0}
svg{display:block;width:100%;max-width:46rem;height:auto}
svg.small{width:10rem;display:inline-block;vertical-align:middle}
svg text{fill:var(--ink);font-size:13px}svg .tick,svg .note{fill:var(--soft);font-size:11.5px}
.middle{text-anchor:middle}.end{text-anchor:end}.strong{font-weight:700}
.zero{stroke:var(--soft);stroke-width:1.3;stroke-dasharray:4 4}.axis{stroke:var(--soft)}.gridline{stroke:var(--line)}
.row{color:var(--theirs)}.row.ours{color:var(--ours)}.row.better{color:var(--good)}.row.worse{color:var(--bad)}.row.open{color:var(--open)}
.span{stroke:currentcolor;stroke-width:3}.point{fill:currentcolor}
rect.ours{fill:var(--ours)}rect.theirs{fill:var(--theirs)}rect.track{fill:var(--back)}
.series path{fill:none;stroke:currentcolor;stroke-width:2.2}.series circle{fill:currentcolor}.thin path{stroke-width:1;opacity:.6}
.bins circle{fill:currentcolor;fill-opacity:.75}
.s1{color:var(--ours)}.s2{color:var(--theirs)}.s3{color:var(--third)}.here{fill:none;stroke:var(--ours);stroke-width:2}
.key{font-weight:650}.key.s2{text-decoration:underline dotted}
.flip{border:1px solid var(--line);border-left:.3rem solid var(--tone);border-radius:.3rem;break-inside:avoid}
.flip{padding:.4rem .7rem;margin:.5rem 0}
.flip.fixed{--tone:var(--good)}.flip.broken{--tone:var(--bad)}
blockquote{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
mark{background:rgba(var(--heat),.18);color:inherit;border-bottom:2px solid var(--ours);border-radius:2px;padding:0 1px}
.none{color:var(--soft);font-style:italic}
.answers{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.2rem 0;font-size:.87rem}
.answers dt{font-size:inherit}.answers dd{white-space:pre-wrap}
footer{border-top:1px solid var(--line);margin-top:1.5rem;padding-top:.6rem;color:var(--soft);font-size:.82rem}
@page{margin:14mm 12mm 16mm}
@media print{:root{font-size:12px;color-scheme:light;print-color-adjust:exact}body{font-size:11px}main{max-width:none;padding:0}
section,figure,tr,dl>div{break-inside:avoid}section.long{break-inside:auto}h2,h3,h2+p{break-after:avoid}}
""".strip()


def allowed() -> str:
    """The source expression that lets this style sheet, and no other, stand in a page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"


def policy() -> str:
    """The Content-Security-Policy of a report: this style, and nothing that runs, loads, posts or asks."""
    return f"default-src 'none'; style-src {allowed()}; base-uri 'none'; form-action 'none'"

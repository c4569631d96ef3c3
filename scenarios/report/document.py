"""The HTML document that every page is: it stands alone, and its reader's browser is told to load nothing for it."""

from wavetank.scenarios.report.escaping import in_html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""No script, and nothing from elsewhere (Content Security Policy Level 3)."""


def document(title: str, body: str, style: str = "", refresh_s: int | None = None) -> str:
    """A page of that title; `body` is HTML, `style` is added to what all pages look like.

    refresh_s: the browser loads the page anew each time so many seconds have passed.
    """
    refresh = "" if refresh_s is None else f'<meta http-equiv="refresh" content="{refresh_s}">\n'
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n{refresh}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{in_html(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b2430; --soft: #5b6776; --line: #d5dbe3; --panel: #f5f7fa;
  --bar: #2f6fb3; --strike: #c2410c; --injected: #fdebd9; --heal: #15803d; --rest: #7c3aed;
  --pass: #15703a; --fail: #b42318; --inconclusive: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --ground: #12171e; --ink: #e6ebf2; --soft: #9aa7b8; --line: #303a47;
  --panel: #1a212b; --bar: #6aa9e9; --strike: #fb923c; --injected: #3a2a1a; --heal: #4ade80; --rest: #c4a5ff;
  --pass: #5fd08a; --fail: #ff8a80; --inconclusive: #f0c060; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 0; }
h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
a { color: inherit; } p { margin: .4rem 0; } .soft, figcaption, caption { color: var(--soft); font-size: .875rem; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1.2rem; }
.verdict { font-weight: 600; } .pass { color: var(--pass); } .fail { color: var(--fail); }
.inconclusive { color: var(--inconclusive); }
.head { display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: baseline; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .3rem 0; }
th, td { padding: .25rem .45rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; } tbody tr { border-top: 1px solid var(--line); }
th[scope=row], th:first-child, td.text, .marks td, .marks th, .drills :nth-child(2) {
  text-align: left; }
td.text, .marks td { white-space: normal; } td.wrong { color: var(--fail); font-weight: 600; }
td .soft { font-size: inherit; font-weight: 400; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; } pre { background: var(--panel); border: 1px solid var(--line);
  border-radius: .3rem; margin: .3rem 0; overflow-x: auto; padding: .5rem .7rem; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--soft); }
figure { margin: .6rem 0; } figcaption { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: .4rem; }
.row { display: grid; grid-template-columns: 9.5rem 1fr 4.5rem; gap: .6rem; align-items: end; }
.row .name { font-size: .875rem; overflow-wrap: anywhere; }
.row .figure, .axis > span { color: var(--soft); font-size: .8rem; }
.row svg { display: block; height: 2.2rem; width: 100%; } .row.fault svg { height: 1.5rem; }
.axis { align-items: start; } .axis div { height: 1.3rem; position: relative; }
.axis div span { color: var(--soft); font-size: .75rem; position: absolute; }
path { vector-effect: non-scaling-stroke; fill: none; stroke-width: 1.5; }
.ground { stroke: var(--line); stroke-width: 1; }
path.bar { fill: var(--bar); } path.injected { fill: var(--injected); } path.strike { stroke: var(--strike); }
path.heal { stroke: var(--heal); stroke-dasharray: 4 3; }
path.converged { stroke: var(--rest); stroke-dasharray: 1 3; stroke-width: 2; }
.key::before { content: ""; display: inline-block; height: .75rem;
  margin-right: .4rem; vertical-align: -.05rem; width: .75rem; }
.key.bar::before { background: var(--bar); }
.key.injected::before { background: var(--injected); border: 1px solid var(--line); }
.key.strike::before { background: var(--strike); width: .15rem; }
.key.heal::before { border-left: 2px dashed var(--heal); width: .1rem; }
.key.converged::before { border-left: 2px dotted var(--rest); width: .1rem; }
@media (max-width: 40rem) { .row { grid-template-columns: 1fr auto; gap: 0 .5rem; margin-top: .3rem; }
  .row svg, .axis div { grid-column: 1 / -1; grid-row: 2; }
  .axis > span:first-child { display: none; } .axis > span { grid-row: 3; } }
@media print { body { max-width: none; } section { break-inside: avoid; } }
"""
"""The look of the page: light and dark by the reader's choice, readable on a phone and on paper."""

"""One page that says all of an entry's scores, in one file that asks the network for nothing."""

import base64

from jinja2 import Environment, StrictUndefined

from digs.config.theta import NAMES
from digs.diagnostics.scores.measurements import LEVEL, Measurement
from digs.diagnostics.scores.score_table import number, rows, summary
from digs.diagnostics.scores.scoring import Scores

_TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ scores.label }}: scores</title>
<style>
body { font: 16px/1.45 Georgia, serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p { overflow-wrap: anywhere; }
.verdict { padding: .6rem .9rem; background: #f4f4f4;
  border-left: .4rem solid {{ "#007a5a" if scores.passes else "#b34700" }}; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ddd; vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
.fails { color: #a03d00; font-weight: bold; }
img { max-width: 100%; height: auto; }
</style>
</head>
<body>
<main>
<h1>{{ scores.name }}</h1>
{% if scores.description %}<p>{{ scores.description }}</p>
{% endif %}<p class="verdict">The entry {{ scores.verdict }}</p>
<p>{{ summary }} What it is scored by, and how to enter a method, is in docs/benchmark.md.</p>
<img alt="For each parameter: shifts of medians and ratios of widths of the entry and of an exact one{{ ", and ranks of
truths" if scores.curves.probability is not none }}; the tables have the numbers"
src="data:image/png;base64,{{ figure }}">
{% for group, lines in groups %}
<h2>{{ group[0] | upper }}{{ group[1:] }}</h2>
<div class="wide" tabindex="0" role="region" aria-label="{{ group }}">
<table>
<thead><tr><th scope="col">What</th><th scope="col">Value</th><th scope="col">An exact method</th>
<th scope="col">p</th><th scope="col">Of</th><th scope="col">Meaning</th></tr></thead>
<tbody>
{% for line in lines %}<tr{% if line.failed %} class="fails"{% endif %}>
<th scope="row">{{ line.name }}{% if line.failed %} (fails){% endif %}</th><td>{{ line.value }}</td>
<td>{{ line.expected }}</td><td>{{ line.p_value }}</td><td>{{ line.where }}</td><td>{{ line.meaning }}</td></tr>
{% endfor %}</tbody>
</table>
</div>
{% endfor %}
{% for title, columns, lines in details %}
<h2>{{ title }}</h2>
<div class="wide" tabindex="0" role="region" aria-label="{{ title }}">
<table>
<thead><tr><th scope="col">What</th>
{% for column in columns %}<th scope="col">{{ column }}</th>{% endfor %}</tr></thead>
<tbody>
{% for name, cells in lines %}<tr><th scope="row">{{ name }}</th>
{% for cell in cells %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>
</div>
{% endfor %}
<p>Tests are significant at {{ "{:.0%}".format(level) }} after Holm's correction for their number; ± are standard
errors. Checks of log_prob have a tolerance in place of a p-value.</p>
</main>
</body>
</html>
"""


def _details(measurements: list[Measurement]) -> list[tuple[str, tuple[str, ...], list[tuple[str, list[str]]]]]:
    """What measurements are made of: a table of all that have parts by parameter, and one of each other."""
    by_parameter = [each for each in measurements if set(each.parts) == set(NAMES)]
    lines = [(each.name, [_part(each.parts[name]) for name in NAMES]) for each in by_parameter]
    others = [
        (
            f"{each.name[0].upper()}{each.name[1:]}",
            ("value",),
            [(name, [_part(part)]) for name, part in each.parts.items()],
        )
        for each in measurements
        if each.parts and each not in by_parameter
    ]
    return [("Of each parameter", NAMES, lines), *others]


def _part(part: dict[str, float]) -> str:
    return number(part["value"], part.get("error"))


def page(scores: Scores, figure: bytes) -> str:
    """Return the page.

    Args:
        figure: of the scores, PNG.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(_TEMPLATE).render(
        scores=scores,
        summary=summary(scores),
        groups=list(rows(scores)),
        details=_details(scores.measurements),
        figure=base64.b64encode(figure).decode(),
        level=LEVEL,
    )

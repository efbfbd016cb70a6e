"""Growth's part of bin/prove: directories, call logs and rotas of growing size, and curves."""

import math
from html import escape

from serving import ROOT

from proof.bench.growth import measured

SIZES = {
    "services": (1, 100, 1000),
    "calls": (1000, 10_000, 100_000),
    "rota": (1, 3, 10),
    "reload": (1000,),
}
CURVES = ROOT / "docs" / "growth.svg"
MOST_LOAD, MOST_MORE, MOST_SLOWER, MOST_WAIT = 3.0, 60.0, 1.3, 250.0
"""The limits for 1,000 services: seconds, MiB, times one service's decision, milliseconds.
"""

PAIRED = "of one's"

PANELS = (
    ("Load a directory", "services", 1, "s", ("load", "check"), MOST_LOAD),
    ("Memory more than of one", "services", 1, "MiB", ("loaded", "decided"), MOST_MORE),
    ("A decision", "services", 1e6, "µs", ("decision",), None),
    (
        "Pages of the whole directory",
        "services",
        1000,
        "ms",
        ("/contacts", "/api/v1/lines", "/api/v1/services"),
        None,
    ),
    ("Calls", "calls", 1000, "ms", ("/staff/calls", "summary", "/metrics", "/staff"), None),
    ("Fifty roles", "rota", 1000, "ms", ("/staff/rota", "/staff", "/metrics"), None),
)
"""Title, what grows, times by which seconds are shown, unit, curves, and the limit there is."""

X_AXIS = {"services": "services", "calls": "calls in the log", "rota": "years of rota"}


def growth(sizes=SIZES):
    """Measure each size in a process of its own; return figures by what grows and its size."""
    return {what: {size: measured(what, size) for size in of} for what, of in sizes.items()}


def failures(rows):
    """Return what the figures of the largest directory miss, in words."""
    of = rows["services"]
    one, most = of[min(of)], of[max(of)]
    reload = rows["reload"][max(rows["reload"])]
    figures = [
        ("load", most["load"], MOST_LOAD),
        ("memory", most["decided"] - one["decided"], MOST_MORE),
        ("decision", most[PAIRED], MOST_SLOWER),
        ("slowest while it is read again", reload["slowest"], MOST_WAIT),
        ("failed while it is read again", reload["failed"], 0),
    ]
    return [
        f"{what}: {figure:.2f}, more than {limit}"
        for what, figure, limit in figures
        if figure > limit
    ]


def describe_growth(rows, curves=CURVES):
    """Return the text of this part, and draw its curves beside it."""
    curves.write_text(draw_panels(rows), encoding="utf-8")
    of, reload = rows["services"], rows["reload"][max(rows["reload"])]
    one, most = of[min(of)], of[max(of)]
    missed = failures(rows)
    return "\n".join(
        [
            "",
            "As the work grows: directories with two lines of their own for each service, a log of",
            "calls of ninety days, a rota of fifty roles. Seconds of the processor, the least.",
            f"Of {max(of):,} services: loaded in {most['load']:.1f} s;",
            f"{most['loaded'] - one['loaded']:.0f} MiB more than of one, and",
            f"{most['decided'] - one['decided']:.0f} MiB once each was asked for; a decision",
            f"about any second of an hour takes {most[PAIRED]:.2f} times that of one, the first",
            "of a service",
            f"{most['first decision'] * 1000:.0f} ms; checked in {most['check']:.1f} s. Read again",
            f"in running workers under load, twice: {reload['failed']} requests failed; the",
            f"slowest took {reload['slowest']:.0f} ms; {reload['slowest, no reload']:.0f} without.",
            f"Missed: {'; '.join(missed)}." if missed else "All of that is within its limit.",
            "",
            f"![Curves of the same]({curves.name})",
            *(line for what in X_AXIS for line in _table(what, rows[what])),
            "",
        ]
    )


def _table(what, figures):
    sizes = list(figures)
    yield from (
        "",
        f"| {X_AXIS[what]} | " + " | ".join(f"{size:,}" for size in sizes) + " |",
        "|---|" + "---:|" * len(sizes),
    )
    for name in figures[sizes[0]]:
        yield (
            f"| {name} | "
            + " | ".join(_format_figure(name, figures[size][name]) for size in sizes)
            + " |"
        )


def _format_figure(name, value):
    if name in ("loaded", "decided"):
        return f"{value:.1f} MiB"
    if name == PAIRED:
        return f"{value:.2f}"
    unit, times = next(
        (u, t) for u, t in (("s", 1), ("ms", 1e3), ("µs", 1e6)) if value * t >= 1 or u == "µs"
    )
    return f"{value * times:.{0 if value * times >= 10 else 1}f} {unit}"


WIDE, HIGH, LEFT, TOP, GAP = 300, 190, 52, 34, 24
DASHES = ("none", "6 3", "2 3", "8 3 2 3")


def draw_panels(rows):
    """Draw every panel as plain SVG: black on white, curves told apart by their dashes."""
    panels = [_panel(*chart, rows) for chart in PANELS]
    placed = [
        f'<g transform="translate({n % 2 * (WIDE + GAP)} {n // 2 * (HIGH + GAP)})">{panel}</g>'
        for n, panel in enumerate(panels)
    ]
    wide, high = 2 * WIDE + GAP, (len(panels) + 1) // 2 * (HIGH + GAP)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        'aria-labelledby="title desc" font-family="sans-serif" font-size="10">'
        '<title id="title">What growth costs</title>'
        '<desc id="desc">Six small charts: loading, memory, decisions and pages as a directory '
        "grows to a thousand services; pages as the call log and the rota grow. The tables beside "
        "it have the same figures.</desc>"
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>{"".join(placed)}</svg>\n'
    )


def _panel(title, what, times, unit, names, limit, rows):
    """Draw one chart: sizes from left to right by their logarithm, figures upwards from nought."""
    figures = {
        size: {name: row[name] * times for name in names} for size, row in rows[what].items()
    }
    sizes, foot = list(figures), HIGH - 38
    top = max(limit or 0, *(value for row in figures.values() for value in row.values())) * 1.1
    low, high = math.log(sizes[0]), math.log(sizes[-1])

    def x_of(size):
        return LEFT + (math.log(size) - low) / (high - low) * (WIDE - LEFT - 70)

    def y_of(value):
        return foot - value / top * (foot - TOP)

    parts = [f'<text x="0" y="12" font-size="12" font-weight="bold">{escape(title)}, {unit}</text>']
    parts.append(f'<path d="M{LEFT} {TOP}V{foot}H{WIDE - 70}" fill="none" stroke="#000000"/>')
    for value in (0, top / 2.2, top / 1.1):
        parts.append(_text(LEFT - 5, y_of(value) + 3, _short(value), "end"))
    for size in sizes:
        parts.append(_text(x_of(size), foot + 14, f"{size:,}", "middle"))
    parts.append(_text((LEFT + WIDE - 70) / 2, foot + 28, X_AXIS[what], "middle"))
    if limit:
        parts.append(
            f'<path d="M{LEFT} {y_of(limit):.1f}H{WIDE - 70}" stroke="#000000" stroke-width="0.5"/>'
            + _text(LEFT + 4, y_of(limit) - 3, f"at most {limit:g} {unit}", "start")
        )
    taken = []
    for name, dashes in zip(names, DASHES, strict=False):
        way = "L".join(f"{x_of(size):.1f} {y_of(row[name]):.1f}" for size, row in figures.items())
        parts.append(
            f'<path d="M{way}" fill="none" stroke="#000000" stroke-width="1.5" '
            f'stroke-dasharray="{dashes}"/>'
        )
        place = y_of(figures[sizes[-1]][name]) + 3
        while any(abs(place - other) < 10 for other in taken):
            place -= 1
        taken.append(place)
        parts.append(_text(x_of(sizes[-1]) + 4, place, name.removeprefix("/api/v1"), "start"))
    return "".join(parts)


def _text(left, baseline, text, anchor):
    return f'<text x="{left:.1f}" y="{baseline:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(value):
    return f"{value:.0f}" if value >= 10 or not value else f"{value:.1f}"


if __name__ == "__main__":
    print(describe_growth(growth()))


def prove_growth():
    """Prove the limits for 1,000 services, and draw the curves."""
    rows = growth()
    return describe_growth(rows), bool(failures(rows))

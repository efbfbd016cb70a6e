"""A plain chart as SVG, with no script and no style: columns, each a stack of two."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT, FOOT, SIDE = 640, 200, 24, 32
LOWER, UPPER = "#1d70b8", "#942514"
"""Colours of GOV.UK: they differ in light too, and what is above is hatched besides."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its label, and how many there are of the lower and the upper kind."""

    label: str
    lower: int
    upper: int


def columns(title: str, found: Sequence[Column]) -> Markup:
    """Draw columns beside each other, as high as the highest needs. The table says it in words."""
    most = max((each.lower + each.upper for each in found), default=0) or 1
    step = (WIDTH - SIDE) / max(1, len(found))
    drawn = [_column(each, SIDE + n * step, step, most) for n, each in enumerate(found)]
    shown = range(0, len(found), max(1, len(found) // 10))
    labels = [_label(SIDE + (n + 0.5) * step, HEIGHT + 16, found[n].label, "middle") for n in shown]
    scale = [_label(SIDE - 6, 12, str(most), "end"), _label(SIDE - 6, HEIGHT, "0", "end")]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" '
        'aria-label="{}" width="100%"><defs><pattern id="hatched" width="6" height="6" '
        'patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="{}"/>'
        '<path d="M0 6 6 0" stroke="#ffffff" stroke-width="1"/></pattern></defs>{}{}{}'
        '<path d="M{} {}H{}" stroke="#0b0c0c"/></svg>'
    ).format(
        WIDTH,
        HEIGHT + FOOT,
        title,
        UPPER,
        *(Markup("").join(part) for part in (drawn, labels, scale)),
        SIDE,
        HEIGHT,
        WIDTH,
    )


def _column(found: Column, x: float, step: float, most: int) -> Markup:
    unit, wide = (HEIGHT - 8) / most, max(2.0, step * 0.7)
    low, high = found.lower * unit, found.upper * unit
    left = x + (step - wide) / 2
    return _block(left, HEIGHT - low, wide, low, LOWER) + _block(
        left, HEIGHT - low - high, wide, high, "url(#hatched)"
    )


def _block(x: float, y: float, wide: float, high: float, fill: str) -> Markup:
    if not high:
        return Markup("")
    return Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>').format(
        x, y, wide, high, fill
    )


def _label(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup(
        '<text x="{:.1f}" y="{}" font-size="12" text-anchor="{}" fill="#0b0c0c">{}</text>'
    ).format(x, y, anchor, words)

"""The page when every other page has failed: 999, and every public number with its hours.

It uses no template, no translator and no clock, so that what broke the page cannot break this one.
"""

from flask import Response, current_app
from markupsafe import Markup, escape

from routing.core.directory import Helpline, Line
from routing.core.hours import SpecialDay
from routing.facts import Facts


def page(status: int = 500) -> Response:
    """Return the page. Before any directory could be loaded it has 999 alone."""
    facts: Facts | None = current_app.extensions["sources"].facts
    body = "" if facts is None else _numbers(facts)
    html = Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>Sorry, there is a problem with this page</title>"
        "<h1>Sorry, there is a problem with this page</h1>"
        '<p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>{}</html>'
    ).format(body)
    return Response(html, status, mimetype="text/html", headers={"Cache-Control": "no-store"})


def _numbers(facts: Facts) -> Markup:
    directory = facts.directory
    rows = [
        Markup('<li>{}: <a href="tel:{}">{}</a>, at all hours</li>').format(
            service.name.in_(directory.languages[0]), service.number.e164, service.number.display
        )
        for service in directory.services
        if service.number is not None
    ]
    shown: list[Line | Helpline] = [line for line in directory.lines if not line.internal]
    shown += directory.helplines
    rows += [_row(each, directory.languages[0]) for each in shown]
    return Markup("<p>These are all our numbers and their hours.</p><ul>{}</ul>").format(
        Markup("").join(rows)
    )


def _row(found: Line | Helpline, language: str) -> Markup:
    hours = "; ".join(" ".join(filter(None, pair)) for pair in found.hours.written)
    hours += "".join(_other_number(each) for each in getattr(found, "special_days", ()))
    return Markup('<li>{}: <a href="tel:{}">{}</a> ({})</li>').format(
        found.name.in_(language), found.phone.e164, found.phone.display, escape(hours)
    )


def _other_number(special: SpecialDay) -> str:
    if special.phone is None:
        return ""
    return f"; from {special.first} to {special.last} call {special.phone.display}"

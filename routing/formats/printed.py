"""The printed page: every number and its hours on one sheet that needs nothing else.

It says no "now" and no "today", and until when its dates are complete: true however long it hangs
on a wall, or stands in for the service while that is down.
"""

from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from flask import render_template
from markupsafe import Markup

from routing.snapshot import Snapshot
from routing.text import dates
from routing.text.locale import Locale

DEFAULT_WEEKS = 8

_STYLE = Path(__file__).parent.parent.joinpath("static", "printed.css").read_text("utf-8")
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""What a content security policy must allow for the page's own style."""


def printed_page(
    facts: Snapshot,
    at: datetime,
    weeks: int,
    locale: Locale,
    *,
    rehearsing: bool,
    title: str = "",
    exit_url: str = "",
) -> str:
    """Return the page as HTML, with the dates not as usual in so many weeks from ``at``.

    With a ``title`` it stands in for a page that could not be shown.
    """
    first = at.astimezone(locale.zone).date()
    last = first + timedelta(weeks=weeks) - timedelta(days=1)
    directory, holidays = facts.directory, facts.holidays.dates
    return render_template(
        "printed.html",
        style=Markup(_STYLE),  # noqa: S704 - a style sheet of our own, from a file beside this one
        title=title,
        rehearsing=rehearsing,
        exit_url=exit_url,
        directory=directory,
        language=locale.language,
        say=locale.translate_html,
        lines=[line for line in directory.lines if not line.internal],
        hours=lambda found: dates.format_hours(found, locale),
        others=lambda line: dates.format_other_numbers(line, first, last, locale),
        unusual=lambda line: dates.format_exceptions(line, first, last, holidays, locale),
        holidays=[
            f"{dates.format_full_date(day, locale)}, {locale.translate(holidays[day].name)}"
            for day in sorted(holidays)
            if first <= day <= last
        ],
        printed=dates.format_full_date(first, locale),
        last=dates.format_full_date(last, locale),
    )

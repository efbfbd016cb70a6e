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

from routing.facts import Facts
from routing.wording import times
from routing.wording.voice import Voice

WEEKS = 8

_STYLE = Path(__file__).parent.parent.joinpath("static", "printed.css").read_text("utf-8")
STYLE_SOURCE = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
"""What a content security policy must allow for the page's own style."""


def page(
    facts: Facts,
    at: datetime,
    weeks: int,
    voice: Voice,
    *,
    rehearsing: bool,
    title: str = "",
    exit_url: str = "",
) -> str:
    """Return the page as HTML, with the dates not as usual in so many weeks from ``at``.

    With a ``title`` it stands in for a page that could not be shown.
    """
    first = at.astimezone(voice.zone).date()
    last = first + timedelta(weeks=weeks) - timedelta(days=1)
    directory, holidays = facts.directory, facts.holidays.dates
    return render_template(
        "printed.html",
        style=Markup(_STYLE),
        title=title,
        rehearsing=rehearsing,
        exit_url=exit_url,
        directory=directory,
        language=voice.language,
        say=voice.say_html,
        lines=[line for line in directory.lines if not line.internal],
        hours=lambda found: times.hours(found, voice),
        others=lambda line: times.other_numbers(line, first, last, voice),
        unusual=lambda line: times.unusual(line, first, last, holidays, voice),
        holidays=[
            f"{times.dated(day, voice)}, {voice.say(holidays[day].name)}"
            for day in sorted(holidays)
            if first <= day <= last
        ],
        printed=times.dated(first, voice),
        last=times.dated(last, voice),
    )

"""The printed page: every number and its hours on one sheet that needs nothing else.

It says no "now" and no "today", and until when its dates are complete: true however long it hangs
on a wall, or stands in for the service while that is down.
"""

from datetime import datetime, timedelta

from flask import render_template

from routing.facts import Facts
from routing.wording import times
from routing.wording.voice import Voice


def page(facts: Facts, at: datetime, weeks: int, voice: Voice) -> str:
    """Return the page as HTML, with the dates not as usual in so many weeks from ``at``."""
    first = at.astimezone(voice.zone).date()
    last = first + timedelta(weeks=weeks) - timedelta(days=1)
    directory, holidays = facts.directory, facts.holidays.dates
    return render_template(
        "printed.html",
        directory=directory,
        language=voice.language,
        say=voice.say_html,
        lines=[line for line in directory.lines if not line.internal],
        hours=lambda found: times.hours(found, voice),
        unusual=lambda line: times.unusual(line, first, last, holidays, voice),
        holidays=[
            f"{times.dated(day, voice)}, {voice.say(holidays[day].name)}"
            for day in sorted(holidays)
            if first <= day <= last
        ],
        printed=times.dated(first, voice),
        last=times.dated(last, voice),
    )

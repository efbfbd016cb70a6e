"""A decision in plain text: for a terminal, and for whoever starts the service."""

from datetime import datetime

from routing.core.answer import Decision
from routing.facts import Facts
from routing.formats.json import assumption
from routing.wording import sentences, times
from routing.wording.voice import Voice


def decision(found: Decision, at: datetime, facts: Facts, voice: Voice) -> list[str]:
    """Return the answer as lines: who to call, why, what comes next, and 999."""
    options = "" if found.line.options is None else f" ({found.line.options.in_(voice.language)})"
    call = voice.say(
        "Call {phone}, {line}, {until}.",
        phone=f"{found.phone.display}{options}",
        line=found.line.name.in_(voice.language),
        until=sentences.until_when(found, at, voice),
    )
    lines = [
        f"{found.service.name.in_(voice.language)}, {times.moment(at, voice)}:",
        f"  {call}",
        f"  {sentences.why(found, at, voice, facts.holidays.dates)}",
        sentences.takeover(found, at, voice),
        None if found.service.confirmed else voice.say("Not yet confirmed by the council."),
        assumption(found, at, facts, voice),
        facts.directory.emergency.in_(voice.language),
    ]
    return [line if n < 3 else f"  {line}" for n, line in enumerate(lines) if line]

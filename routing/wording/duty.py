"""What staff are told of now: where calls go, until when, what then. In English, to the minute."""

from datetime import datetime, timedelta

from routing.core.answer import Decision, ReasonCode
from routing.core.directory import Line
from routing.core.hours import Span
from routing.core.values import Phone
from routing.wording.times import clock, hours, moment
from routing.wording.voice import Voice


def now(decision: Decision, at: datetime, voice: Voice, internal_numbers: bool = True) -> str:
    """Say where a service's calls go: "Calls go to the EDS on 01632 960002 until 5pm today...".

    Without ``internal_numbers`` an internal line is named without its number.
    """
    verb = "are diverted" if decision.reason.code is ReasonCode.DIVERT else "go"
    line = numbered(decision.line, decision.phone, internal_numbers)
    if decision.until is None or decision.next is None:
        return f"Calls {verb} to {line}. Nothing else is planned in the next 400 days."
    then = numbered(decision.next.line, decision.next.phone, internal_numbers)
    until = f"{soon(decision.until, at, voice)} ({left(decision.until - at)})"
    return f"Calls {verb} to {line} until {until}, then to {then}."


def numbered(line: Line, phone: Phone, internal_numbers: bool = True) -> str:
    """Say a line with its number: "the EDS on 01632 960002".

    Without ``internal_numbers`` an internal line is named without it.
    """
    name = line.name.in_("en")
    return f"{name} on {phone.display}" if internal_numbers or not line.internal else name


def soon(when: datetime, at: datetime, voice: Voice) -> str:
    """Say an instant as whoever reads it now would: 5pm today, 8:30am tomorrow, or with its day."""
    local, today = when.astimezone(voice.zone), at.astimezone(voice.zone).date()
    minute = local.hour * 60 + local.minute
    if not minute:
        return moment(when, voice, at)
    word = {0: "today", 1: "tomorrow"}.get((local.date() - today).days)
    return f"{clock(minute, voice)} {word}" if word else moment(when, voice, at)


def left(time: timedelta) -> str:
    """Say how long something still lasts, in minutes rounded up: 1 hour 20 minutes; 3 days."""
    minutes = -(-int(time.total_seconds()) // 60)
    days, rest = divmod(minutes, 24 * 60)
    parts = [(days, "day"), (rest // 60, "hour"), (rest % 60 if not days else 0, "minute")]
    said = [f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count]
    return " ".join(said) or "less than a minute"


def from_to(span: Span, at: datetime, voice: Voice) -> str:
    """Say a stretch of time: from now until 5pm today."""
    begins = "now" if span.start <= at else soon(span.start, at, voice)
    return f"from {begins} until {soon(span.end, at, voice)}"


def shut(line: Line, closed: tuple[Span, ...], at: datetime, voice: Voice) -> str:
    """Warn that a line is shut while calls would go to it, and name its hours."""
    when = ", and ".join(from_to(each, at, voice) for each in closed[:3])
    more = ", and at other times" if len(closed) > 3 else ""
    week = "; ".join(f"{days}: {clocks}" for days, clocks in hours(line.hours, voice))
    name = line.name.in_(voice.language)
    return (
        f"By its own hours {name} is shut {when}{more}. Its hours are: {week}. Callers would hear "
        "it ring with nobody there."
    )

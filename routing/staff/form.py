"""What somebody writes into a divert's form, and what there is to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from routing import diverting, enquiry, typed
from routing.core.decision import decide
from routing.errors import BadTime, DivertRefused
from routing.wording import duty, times

NOW = "now"
HANDOVER = "handover"
TIME = "time"
LENGTHS = {"1h": timedelta(hours=1), "4h": timedelta(hours=4)}

_PARTS = ("day", "month", "year", "time")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it was filled in. ``begins`` and ``ends`` are choices; TIME means as typed."""

    service: str
    line: str
    begins: str
    starts: Mapping[str, str]
    ends: str
    stops: Mapping[str, str]
    note: str

    def start(self, zone: ZoneInfo) -> datetime | None:
        """Return when it starts, None for now. Raise DivertRefused."""
        if self.begins == NOW:
            return None
        if self.begins != TIME:
            raise DivertRefused("from", "Choose when the divert starts.")
        return _instant("from", self.starts, zone)

    def until(self, zone: ZoneInfo) -> datetime | timedelta | None:
        """Return when it ends, or after how long, None for the handover. Raise DivertRefused."""
        if self.ends == HANDOVER:
            return None
        if self.ends in LENGTHS:
            return LENGTHS[self.ends]
        if self.ends != TIME:
            raise DivertRefused("until", "Choose when the divert ends: every divert has an end.")
        return _instant("until", self.stops, zone)


def blank() -> Asked:
    """Return the form as it is first shown: from now until the next handover, on today's date."""
    at = enquiry.now()
    today = at.astimezone(enquiry.staff_voice().zone).date()
    parts = {"day": str(today.day), "month": str(today.month), "year": str(today.year), "time": ""}
    first = enquiry.facts().directory.services
    service = first[0].id if len(first) == 1 else ""
    ends = HANDOVER if handover(first[0].id, at) else "4h"
    return Asked(service, "", NOW, parts, ends, parts, "")


def given(filled: Mapping[str, str]) -> Asked:
    """Return a form as it was sent."""

    def parts(prefix: str) -> dict[str, str]:
        return {part: filled.get(f"{prefix}-{part}", "")[:40] for part in _PARTS}

    words = {key: filled.get(key, "")[:100] for key in ("service", "line", "from", "until")}
    return Asked(
        words["service"],
        words["line"],
        words["from"],
        parts("from"),
        words["until"],
        parts("until"),
        filled.get("note", "")[:2000],
    )


def services() -> list[tuple[str, str, str]]:
    """Return every service: its id, its name, and when its next handover is."""
    at = enquiry.now()
    return [
        (each.id, each.name.in_("en"), handover(each.id, at))
        for each in enquiry.facts().directory.services
    ]


def lines() -> list[tuple[str, str, str]]:
    """Return every line: its id, its name and number, and its hours."""
    voice, at = enquiry.staff_voice(), enquiry.now()
    day = at.astimezone(voice.zone).date()
    return [
        (
            each.id,
            f"{each.name.in_('en')}, {each.phone_on(day).display}",
            "; ".join(f"{days}: {clocks}" for days, clocks in times.hours(each.hours, voice)),
        )
        for each in enquiry.facts().directory.lines
    ]


def handover(service: str, at: datetime) -> str:
    """Say when a service's next handover is, diverts aside; nothing if it is too far to divert."""
    facts = enquiry.facts()
    if service not in facts.timetables.services:
        return ""
    found = decide(facts.timetables, service, at).until
    if found is None or found - at > diverting.LONGEST:
        return ""
    return duty.soon(found, enquiry.now(), enquiry.staff_voice())


def _instant(field: str, parts: Mapping[str, str], zone: ZoneInfo) -> datetime:
    if not parts["time"].strip():
        raise DivertRefused(field, "Write the time, as 5pm, 5:30pm or 17:30.")
    try:
        return typed.read_parts(parts["day"], parts["month"], parts["year"], parts["time"], zone)
    except BadTime as error:
        raise DivertRefused(field, str(error)) from error

"""What somebody writes into a form about a shift: whose, from when, until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from routing import enquiry, typed
from routing.core import instants
from routing.core.hours import Span
from routing.errors import BadTime, RotaRefused

NOBODY = "nobody"
_PARTS = ("day", "month", "year", "time")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form as it was filled in; ``starts`` and ``ends`` are a day, month, year and time each."""

    role: str
    person: str
    starts: Mapping[str, str]
    ends: Mapping[str, str]
    note: str = ""

    def during(self) -> Span:
        """Return from when until when. Raise RotaRefused."""
        return Span(_instant("starts", self.starts), _instant("ends", self.ends))

    def worker(self) -> int | None:
        """Return who, None for nobody yet. Raise RotaRefused."""
        if self.person == NOBODY:
            return None
        if not self.person.isdecimal() or len(self.person) > 18:
            raise RotaRefused("person", "Choose a person.")
        return int(self.person)

    def hidden(self, during: Span) -> dict[str, str]:
        """Return what the form says, to be sent again once it was checked."""
        return {
            "role": self.role,
            "person": self.person,
            "note": self.note,
            "starts": during.start.isoformat(),
            "ends": during.end.isoformat(),
        }


def given(filled: Mapping[str, str], during: Span | None = None) -> Asked:
    """Return a form as it was sent, or as it is first shown, with ``during`` written into it."""
    zone = enquiry.staff_voice().zone
    edges = {}
    for name in ("starts", "ends"):
        edges[name] = {part: filled.get(f"{name}-{part}", "")[:40] for part in _PARTS}
        whole = filled.get(name, "")
        if whole:
            edges[name] = _parts(_read(name, whole), zone)
        elif during is not None:
            edges[name] = _parts(during.start if name == "starts" else during.end, zone)
    role, person = filled.get("role", "")[:100], filled.get("person", "")[:20]
    return Asked(role, person, edges["starts"], edges["ends"], filled.get("note", "")[:2000])


def _parts(at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return an instant as it is typed; one that the clocks show twice by the clock's name."""
    local = at.astimezone(zone)
    first, second = instants.readings(local.replace(tzinfo=None), zone)
    clock = f"{local:%H:%M}" + (f" {local.tzname()}" if first != second else "")
    return {
        "day": str(local.day),
        "month": str(local.month),
        "year": str(local.year),
        "time": clock,
    }


def _instant(field: str, parts: Mapping[str, str]) -> datetime:
    if not parts["time"].strip():
        raise RotaRefused(field, "Write the time, as 5pm, 5:30pm or 17:30.")
    zone = enquiry.staff_voice().zone
    try:
        return typed.read_parts(parts["day"], parts["month"], parts["year"], parts["time"], zone)
    except BadTime as error:
        raise RotaRefused(field, str(error)) from error


def _read(field: str, text: str) -> datetime:
    try:
        return typed.read(text)
    except BadTime as error:
        raise RotaRefused(field, str(error)) from error

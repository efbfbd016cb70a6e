"""Doubts about telephone numbers: not confirmed, mistyped, shared, or leading round in a circle."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from routing.core.directory import Directory, Line
from routing.core.values import Phone
from routing.directory.load import CrossCheckError
from routing.directory.yaml_source import Path
from routing.snapshot import Snapshot

WELL_KNOWN: Mapping[str, str] = {
    "08001111": "Childline",
    "08088005000": "the NSPCC Helpline",
    "08000280285": "the NSPCC's advice line for whistleblowers",
    "08000283550": "the NSPCC's FGM helpline",
    "0800136663": "the NSPCC's helpline about abuse in education",
    "08082000247": "the National Domestic Abuse Helpline",
    "08088010327": "the Men's Advice Line",
    "08081000900": "Stop It Now",
    "08088002222": "Family Lives",
    "0800555111": "Crimestoppers",
    "03001236600": "Frank",
    "08088025544": "YoungMinds' parents' helpline",
}
"""National helplines as they publish themselves, in digits. Mistyped ones are printed by councils:
0800 800 5000 for the NSPCC's 0808 800 5000, among others."""


def warnings(facts: Snapshot, at: datetime) -> Iterator[CrossCheckError]:
    """Yield every doubt about a number."""
    directory = facts.directory
    today = at.astimezone(directory.zone).date()
    for line in directory.lines:
        warning = verification_warning(line, today)
        if warning is not None:
            code, sentence = warning
            form = f"verified: {{on: {today}, source: https://..., days: 90}}"
            message = f"{sentence} Ring {line.phone.display}, then write in this line: {form}."
            yield ("lines", line.id), code, message
        if line.verified is not None and line.verified.source is None:
            message = "`source` is missing. Write the page, or who, confirmed the number."
            yield ("lines", line.id, "verified"), "no_source", message
    yield from _near_misses(directory)
    yield from _shared(directory)
    yield from _services(directory)


def verification_warning(line: Line, today: date) -> tuple[str, str] | None:
    """Return a code and a sentence if a line's number is not confirmed on ``today``, else None.

    The sentence is for all staff and for alerts, so it does not hold the number.
    """
    name = f"{line.name.get('en')} (line '{line.id}')"
    if line.verified is None:
        return "unverified", f"{name}: nobody has confirmed its number, and pages say so."
    if today > line.verified.until:
        sentence = (
            f"{name}: its number was last confirmed on {line.verified.on:%-d %B %Y}, which held "
            f"for {line.verified.days} days."
        )
        return "verification_expired", sentence
    return None


def _near_misses(directory: Directory) -> Iterator[CrossCheckError]:
    for path, phone in _all_numbers(directory):
        digits = "0" + phone.e164.removeprefix("+44")
        for known, name in WELL_KNOWN.items():
            if _one_slip(digits, known):
                message = f"{phone.display} is one slip away from {known}, {name}. Is it mistyped?"
                yield path, "near_miss", message


def _shared(directory: Directory) -> Iterator[CrossCheckError]:
    first: dict[str, str] = {}
    for line in directory.lines:
        other = first.setdefault(line.phone.e164, line.id)
        if other != line.id:
            message = (
                f"{line.phone.display} is also the number of the line '{other}': when one does not "
                "answer, trying the other rings the same telephone. Write another if there is one."
            )
            yield ("lines", line.id, "phone"), "same_number", message


def _services(directory: Directory) -> Iterator[CrossCheckError]:
    dialled = {phone.e164: line.id for line in directory.lines for _, phone in _numbers_of(line)}
    for service in directory.services:
        at: Path = ("services", service.id)
        if all(_is_mobile(line.phone) for line in service.reachable):
            message = (
                "a mobile is all that this service can ring: it may be switched off, out of reach, "
                "or answered by its voicemail. Add a landline to `if_unanswered`."
            )
            yield at, "only_a_mobile", message
        if service.number is not None and service.number.e164 in dialled:
            line = dialled[service.number.e164]
            message = (
                f"{service.number.display} is what callers ring, and the number of the line "
                f"'{line}' too: a call would be sent back to where it came from. Write the number "
                "that the line itself answers."
            )
            yield (*at, "number"), "number_loops", message


def _all_numbers(directory: Directory) -> Iterator[tuple[Path, Phone]]:
    for line in directory.lines:
        yield from _numbers_of(line)
    for n, helpline in enumerate(directory.helplines):
        yield ("helplines", n, "phone"), helpline.phone


def _numbers_of(line: Line) -> Iterator[tuple[Path, Phone]]:
    yield ("lines", line.id, "phone"), line.phone
    for n, special in enumerate(line.special_days):
        if special.phone is not None:
            yield ("lines", line.id, "special_days", n, "phone"), special.phone


def _is_mobile(phone: Phone) -> bool:
    """Say whether it is a mobile: 07, but not 070 (personal numbers) nor 076 (pagers)."""
    return phone.e164.startswith("+447") and not phone.e164.startswith(("+4470", "+4476"))


def _one_slip(one: str, other: str) -> bool:
    """Say whether a digit changed, missing, too many, or two swapped, make one from the other."""
    if len(one) == len(other):
        differ = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1
        return len(differ) == 1 or (
            swapped and (one[differ[0]], one[differ[1]]) == (other[differ[1]], other[differ[0]])
        )
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) != 1:
        return False
    return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))

"""Warnings about telephone numbers: not confirmed, mistyped, shared, or leading back to itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

import phonenumbers

from routing.core.directory import Directory, Line, Phone, max_ring_seconds
from routing.directory.yaml_source import YamlSource
from routing.errors import KeyPath, PathProblem
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
"""National helplines by the digits that they publish. Councils print mistyped ones: 0800 800 5000
for the NSPCC's 0808 800 5000, among others."""

DRAMA_PREFIXES = (
    *("+441632960", "+441134960", "+441144960", "+441154960", "+441164960", "+441174960"),
    *("+441184960", "+441214960", "+441314960", "+441414960", "+441514960", "+441614960"),
    *("+442079460", "+441914980", "+442896496", "+442920180", "+447700900", "+448081570"),
    *("+449098790", "+443069990"),
)
"""Ofcom's numbers for drama, which ring nobody: ofcom.org.uk, "Numbers for use in drama"."""


def warnings(
    snapshot: Snapshot, at: datetime, source: YamlSource | None = None
) -> Iterator[PathProblem]:
    """Yield every warning about a number at ``at``; about how it is written, with ``source``."""
    directory = snapshot.directory
    if source is not None:
        yield from _check_written_numbers(directory, source)
    yield from _check_verification(directory, at.astimezone(directory.zone).date())
    yield from _check_similar_helplines(directory)
    yield from _check_shared_numbers(directory)
    yield from _check_mobiles(directory)
    yield from _check_loops(directory)
    for line in directory.lines:
        yield from _check_ringing(line)


def own_number_advice(directory: Directory) -> list[str]:
    """Say of each service with a number of its own what a system that puts calls through asks."""
    return [
        f"The service '{service.id}' has a number of its own, {service.number.display}, and its "
        "decision gives that number. An exchange or a contact centre that puts calls through must "
        f"ask /api/v1/services/{service.id}/numbers: by the decision its calls would come back."
        for service in directory.services
        if service.number is not None
    ]


def verification_warning(line: Line, today: date) -> tuple[str, str] | None:
    """Return a code and a sentence if a line's number is not confirmed on ``today``, else None.

    999 and 101 need no confirmation. The sentence is for all staff and for alerts, so it leaves out
    the number.
    """
    name = f"{line.name.get('en')} (line '{line.id}')"
    if line.phone.is_emergency:
        return None
    if line.verified is None:
        return "unverified", f"{name}: nobody has confirmed its number, and pages say so."
    if today > line.verified.until:
        sentence = (
            f"{name}: its number was last confirmed on {line.verified.on:%-d %B %Y}, which held "
            f"for {line.verified.days} days."
        )
        return "verification_expired", sentence
    return None


def plan_warning(phone: Phone) -> str | None:
    """Return a sentence if no telephone has this number by the numbering plan, else None.

    Ofcom's numbers for drama count as numbers of the plan, and so do all short codes for texts.
    """
    if _is_drama(phone) or re.fullmatch(r"[678]\d{4}", phone.e164):
        return None
    number = phonenumbers.parse(phone.e164, "GB")
    if phonenumbers.is_valid_number(number) or (
        phone.e164[0] != "+" and phonenumbers.is_valid_short_number_for_region(number, "GB")
    ):
        return None
    return (
        f"{phone.display}: by the numbering plan no telephone has such a number. Count its digits, "
        "ring it, and write it as 01632 960001."
    )


def is_one_slip(typed: str, known: str) -> bool:
    """Return whether one digit is changed, lost or added, or two are swapped."""
    short, long = sorted((typed, known), key=len)
    if len(short) < len(long):
        return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))
    differ = [n for n, (a, b) in enumerate(zip(typed, known, strict=True)) if a != b]
    are_neighbours = len(differ) == 2 and differ[0] + 1 == differ[1]
    return len(differ) == 1 or (are_neighbours and sorted(typed) == sorted(known))


def _check_verification(directory: Directory, today: date) -> Iterator[PathProblem]:
    for line in directory.lines:
        path: KeyPath = ("lines", line.id)
        if warning := verification_warning(line, today):
            code, sentence = warning
            form = f"verified: {{on: {today}, source: https://..., days: 90}}"
            remedy = f"Ring {line.phone.display}, then write here {form}"
            message = f"not confirmed. {remedy}. Reason: {sentence}"
            yield PathProblem((*path, "verified") if line.verified else path, code, message)


def _check_similar_helplines(directory: Directory) -> Iterator[PathProblem]:
    for path, phone in _numbers(directory):
        for known, name in WELL_KNOWN.items():
            if is_one_slip(phone.national, known):
                message = f"{phone.display} is one slip away from {known}, {name}. Is it mistyped?"
                yield PathProblem(path, "near_miss", message)


def _check_shared_numbers(directory: Directory) -> Iterator[PathProblem]:
    first_lines: dict[str, Line] = {}
    for line in directory.lines:
        first = first_lines.setdefault(line.phone.e164, line)
        if first is not line and not (first.confirmed and line.confirmed):
            message = (
                f"{line.phone.display} is also the number of '{first.id}'. Correct it; or, if both "
                "answer there, write `verified` for both. Neither backs the other up."
            )
            yield PathProblem(("lines", line.id, "phone"), "same_number", message)


def _check_mobiles(directory: Directory) -> Iterator[PathProblem]:
    for service in directory.services:
        if all(_is_mobile(line.phone) for line in service.reachable):
            message = (
                f"'{service.id}' can ring only mobiles. Add a landline to `if_unanswered`. A "
                "mobile may be switched off, out of reach, or answered by its voicemail."
            )
            yield PathProblem(("services", service.id), "only_a_mobile", message)


def _check_loops(directory: Directory) -> Iterator[PathProblem]:
    lines = {
        phone.e164: path[1]
        for path, phone in _numbers(directory)
        if path[0] == "lines" and "also" not in path
    }
    for service in directory.services:
        if service.number is not None and service.number.e164 in lines:
            message = (
                f"{service.number.display} is the number of '{lines[service.number.e164]}' too: a "
                "call would be sent back. Write there the number that the line itself answers."
            )
            yield PathProblem(("services", service.id, "number"), "number_loops", message)


def _check_ringing(line: Line) -> Iterator[PathProblem]:
    path: KeyPath = ("lines", line.id)
    key = "options" if line.options is not None else "send_digits"
    if line.press_1_to_accept and getattr(line, key) is not None:
        message = (
            f"a menu answers '{line.id}', and no menu presses 1. Remove `press_1_to_accept`, or "
            f"write a number without a menu. By its `{key}` a menu answers, so no call is accepted."
        )
        yield PathProblem((*path, "press_1_to_accept"), "menu_never_accepts", message)
    most = max_ring_seconds(line)
    if line.ring_seconds is not None and line.ring_seconds > most:
        message = (
            f"'{line.id}' rings {most} seconds, not {line.ring_seconds}, as networks cut calls "
            f"off. Write {most} or less, with another line in `if_unanswered`."
        )
        yield PathProblem((*path, "ring_seconds"), "rings_too_long", message)


def _check_written_numbers(directory: Directory, source: YamlSource) -> Iterator[PathProblem]:
    for path, phone in _numbers(directory):
        written = str(source.value(path)).strip()
        if written != phone.display:
            code = "rewritten_number"
            message = f"'{written}' is shown and rung as {phone.display}. Write {phone.display}."
        elif plan := plan_warning(phone):
            code, message = "not_in_numbering_plan", plan
        elif path[0] != "helplines" and not re.match(r"\+44|\d", phone.e164):
            code, message = (
                "foreign_number",
                f"{phone.display} is of another country. Is it mistyped?",
            )
        else:
            continue
        yield PathProblem(path, code, message, 0)


def _is_drama(phone: Phone) -> bool:
    return phone.e164.startswith(DRAMA_PREFIXES) and len(phone.e164) == len("+441632960001")


def _numbers(directory: Directory) -> Iterator[tuple[KeyPath, Phone]]:
    numbers: list[tuple[KeyPath, Phone | None]] = []
    for line in directory.lines:
        numbers.append((("lines", line.id, "phone"), line.phone))
        for key, entries in (("special_days", line.special_days), ("also", line.also)):
            paths = (("lines", line.id, key, n, "phone") for n in range(len(entries)))
            numbers += zip(paths, (entry.phone for entry in entries), strict=True)
    numbers += [(("services", s.id, "number"), s.number) for s in directory.services]
    numbers += [(("helplines", n, "phone"), h.phone) for n, h in enumerate(directory.helplines)]
    return ((path, phone) for path, phone in numbers if phone is not None)


def _is_mobile(phone: Phone) -> bool:
    """Return whether it is a mobile: 07, but not 070 (personal numbers) or 076 (pagers)."""
    return phone.e164.startswith("+447") and not phone.e164.startswith(("+4470", "+4476"))

"""What ``gaps`` and ``diff`` find, as lines for a reader and as JSON for a program."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from routing.core.diff import Callee, Change
from routing.core.directory import Line, Service
from routing.core.gaps import CoverageKind
from routing.core.hours import Span
from routing.formats.json import span as written
from routing.wording.periods import periods
from routing.wording.voice import Voice

Json = list[dict[str, Any]]
Gap = tuple[Span, CoverageKind, tuple[Line, ...]]
Changed = tuple[Span, Change]


def gaps_json(service: Service, found: Iterable[Gap], voice: Voice) -> Json:
    """Write each gap and overlap of a service, with the ids of the lines open in an overlap."""
    return [
        {
            "service": service.id,
            "kind": kind.value,
            **written(during, voice),
            "lines": [line.id for line in lines],
        }
        for during, kind, lines in found
    ]


def gaps_text(found: Iterable[Gap], period: Span, voice: Voice) -> list[str]:
    """Say each gap and overlap of a service, those of a kind and of the same lines together."""
    groups: dict[tuple[CoverageKind, tuple[str, ...]], list[Span]] = defaultdict(list)
    for during, kind, lines in found:
        groups[kind, tuple(line.name.in_(voice.language) for line in lines)].append(during)
    return [
        f"{kind.value:<8} {sentence}{' (' + ' + '.join(names) + ')' if names else ''}"
        for (kind, names), spans in sorted(groups.items(), key=lambda each: each[0][0])
        for sentence in periods(spans, period, voice)
    ]


def changes_json(service_id: str, found: Iterable[Changed], voice: Voice) -> Json:
    """Write each stretch of a service that changes; null where a directory lacks the service."""
    return [
        {
            "service": service_id,
            **written(during, voice),
            "old": _callee_json(old),
            "new": _callee_json(new),
        }
        for during, (old, new) in found
    ]


def changes_text(found: Iterable[Changed], period: Span, voice: Voice) -> list[str]:
    """Say what changes in a service, from what to what, and in which stretches of time."""
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for during, (old, new) in found:
        groups[_callee_text(old, voice), _callee_text(new, voice)].append(during)
    lines: list[str] = []
    for (old_text, new_text), spans in groups.items():
        lines += [*periods(spans, period, voice), f"  old: {old_text}", f"  new: {new_text}"]
    return lines


def _callee_json(callee: Callee | None) -> dict[str, str | None] | None:
    if callee is None:
        return None
    number = callee.number.e164 if callee.number else None
    return {"line": callee.answer.line.id, "e164": callee.answer.phone.e164, "number": number}


def _callee_text(callee: Callee | None, voice: Voice) -> str:
    if callee is None:
        return voice.say("this service is not there")
    line, phone = callee.answer.line, callee.answer.phone
    said = f"{line.name.in_(voice.language)} ({line.id}), {phone.display}"
    if callee.number is None:
        return said
    return voice.say("{answer}; callers ring {number}", answer=said, number=callee.number.display)

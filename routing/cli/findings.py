"""What ``gaps`` and ``diff`` find, as lines for a reader and as JSON for a program."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from routing.core.diff import Callee, Change
from routing.core.directory import Line, Service
from routing.core.gaps import CoverageKind
from routing.core.instants import Span
from routing.formats.json import span_json as written
from routing.text.locale import Locale
from routing.text.periods import format_periods

Json = list[dict[str, Any]]
Gap = tuple[Span, CoverageKind, tuple[Line, ...]]
Changed = tuple[Span, Change]


def gaps_json(service: Service, found: Iterable[Gap], locale: Locale) -> Json:
    """Write each gap and overlap of a service, with the ids of the lines open in an overlap."""
    return [
        {
            "service": service.id,
            "kind": kind.value,
            **written(during, locale),
            "lines": [line.id for line in lines],
        }
        for during, kind, lines in found
    ]


def gaps_text(found: Iterable[Gap], period: Span, locale: Locale) -> list[str]:
    """Say each gap and overlap of a service, those of a kind and of the same lines together."""
    groups: dict[tuple[CoverageKind, tuple[str, ...]], list[Span]] = defaultdict(list)
    for during, kind, lines in found:
        groups[kind, tuple(line.name.get(locale.language) for line in lines)].append(during)
    return [
        f"{kind.value:<8} {sentence}{' (' + ' + '.join(names) + ')' if names else ''}"
        for (kind, names), spans in sorted(groups.items(), key=lambda each: each[0][0])
        for sentence in format_periods(spans, period, locale)
    ]


def changes_json(service_id: str, found: Iterable[Changed], locale: Locale) -> Json:
    """Write each stretch of a service that changes; null where a directory lacks the service."""
    return [
        {
            "service": service_id,
            **written(during, locale),
            "old": _callee_json(old),
            "new": _callee_json(new),
        }
        for during, (old, new) in found
    ]


def changes_text(found: Iterable[Changed], period: Span, locale: Locale) -> list[str]:
    """Say what changes in a service, from what to what, and in which stretches of time."""
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for during, (old, new) in found:
        groups[_callee_text(old, locale), _callee_text(new, locale)].append(during)
    lines: list[str] = []
    for (old_text, new_text), spans in groups.items():
        lines += [
            *format_periods(spans, period, locale),
            f"  old: {old_text}",
            f"  new: {new_text}",
        ]
    return lines


def _callee_json(callee: Callee | None) -> dict[str, str | None] | None:
    if callee is None:
        return None
    number = callee.number.e164 if callee.number else None
    return {"line": callee.answer.line.id, "e164": callee.answer.phone.e164, "number": number}


def _callee_text(callee: Callee | None, locale: Locale) -> str:
    if callee is None:
        return locale.translate("this service is not there")
    line, phone = callee.answer.line, callee.answer.phone
    said = f"{line.name.get(locale.language)} ({line.id}), {phone.display}"
    if callee.number is None:
        return said
    return locale.translate(
        "{answer}; callers ring {number}", answer=said, number=callee.number.display
    )

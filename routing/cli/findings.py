"""Gaps and changes of a service's hours, as lines of text and as JSON."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from routing.core.directory import Line, Service
from routing.core.gaps import Callee, Change, CoverageKind
from routing.core.instants import Span
from routing.directory.changes import FileChange
from routing.formats.json import span_json
from routing.text.locale import Locale
from routing.text.periods import format_periods

JsonRows = list[dict[str, Any]]
CoverageGap = tuple[Span, CoverageKind, tuple[Line, ...]]
DatedChange = tuple[Span, Change]


def gaps_json(service: Service, gaps: Iterable[CoverageGap], locale: Locale) -> JsonRows:
    """Return each gap and overlap of a service; ``lines`` are those open in an overlap."""
    return [
        {
            "service": service.id,
            "kind": kind.value,
            **span_json(during, locale),
            "lines": [line.id for line in lines],
        }
        for during, kind, lines in gaps
    ]


def gaps_text(gaps: Iterable[CoverageGap], period: Span, locale: Locale) -> list[str]:
    """Describe the gaps and overlaps of a service, grouped by kind and lines."""
    groups: dict[tuple[CoverageKind, tuple[str, ...]], list[Span]] = defaultdict(list)
    for during, kind, lines in gaps:
        groups[kind, tuple(line.name.get(locale.language) for line in lines)].append(during)
    return [
        f"{kind.value:<8} {sentence}{' (' + ' + '.join(names) + ')' if names else ''}"
        for (kind, names), spans in sorted(groups.items(), key=lambda group: group[0][0])
        for sentence in format_periods(spans, period, locale)
    ]


def file_changes_json(changes: Iterable[FileChange]) -> JsonRows:
    """Return each value that was changed in a file; null in the file that lacks it."""
    return [
        {
            "owner": change.owner,
            "key": ".".join(map(str, change.path)),
            "old": change.old,
            "new": change.new,
        }
        for change in changes
    ]


def changes_json(service_id: str, changes: Iterable[DatedChange], locale: Locale) -> JsonRows:
    """Return each change of a service; ``old`` or ``new`` is null without the service."""
    return [
        {
            "service": service_id,
            **span_json(during, locale),
            "old": _callee_json(old, locale),
            "new": _callee_json(new, locale),
        }
        for during, (old, new) in changes
    ]


def changes_text(changes: Iterable[DatedChange], period: Span, locale: Locale) -> list[str]:
    """Describe what changes in a service: when, from what, to what."""
    groups: dict[tuple[str, str], list[Span]] = defaultdict(list)
    for during, (old, new) in changes:
        groups[_callee_text(old, locale), _callee_text(new, locale)].append(during)
    lines: list[str] = []
    for (old_text, new_text), spans in groups.items():
        lines += format_periods(spans, period, locale)
        lines += [f"  old: {old_text}", f"  new: {new_text}"]
    return lines


def _callee_json(callee: Callee | None, locale: Locale) -> dict[str, str | None] | None:
    if callee is None:
        return None
    line, phone, number = callee.answer.line, callee.answer.phone, callee.number
    return {
        "line": line.id,
        "e164": None if phone.is_emergency else phone.e164,
        "number": number.e164 if number else None,
        "name": line.name.get(locale.language),
        "display": phone.display,
        "options": line.options.get(locale.language) if line.options else None,
    }


def _callee_text(callee: Callee | None, locale: Locale) -> str:
    if callee is None:
        return locale.translate("this service is not there")
    line, phone = callee.answer.line, callee.answer.phone
    text = f"{line.name.get(locale.language)} ({line.id}), {phone.display}"
    if line.options:
        text += f" ({line.options.get(locale.language)})"
    if callee.number is None:
        return text
    return locale.translate(
        "{answer}; callers ring {number}", answer=text, number=callee.number.display
    )

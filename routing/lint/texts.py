"""Warnings about texts that are missing, or that lack one of the directory's languages."""

from collections.abc import Iterator
from datetime import datetime

from routing.core.directory import Council, Directory, Line, Service, Text
from routing.directory.yaml_source import KeyPath, PathProblem
from routing.snapshot import Snapshot

ENGLISH = "en"

_SAFETY_KEYS = ("emergency", "unanswered")


def warnings(snapshot: Snapshot, at: datetime) -> Iterator[PathProblem]:
    """Yield every warning about a text; they are the same at any time."""
    yield from _check_unanswered(snapshot.directory)
    yield from _check_languages(snapshot.directory)
    yield from _check_statements(snapshot.directory.council)


def _check_unanswered(directory: Directory) -> Iterator[PathProblem]:
    """Warn when ``unanswered`` is missing in a directory of any language but English.

    In English the pages have words of their own.
    """
    if set(directory.languages) - {ENGLISH} and directory.unanswered is None:
        message = (
            "`unanswered` is missing: what to do if a child is in danger and nobody answers. Write "
            f"it in each language: unanswered: {_form(directory)}."
        )
        yield PathProblem(("languages",), "safety_words_missing", message)


def _check_languages(directory: Directory) -> Iterator[PathProblem]:
    """Warn of each text that lacks one of several languages."""
    languages = directory.languages
    if len(languages) < 2:
        return
    for path, text in _texts(directory):
        missing = [language for language in languages if language not in dict(text.by_language)]
        if missing:
            reason = (
                "these words are for every language alike"
                if len(missing) == len(languages)
                else f"there are no words in {' and '.join(missing)}"
            )
            message = (
                f"{reason}. Write {_form(directory)}, the same words twice if they are the same."
            )
            code = "safety_words_missing" if path[0] in _SAFETY_KEYS else "language_missing"
            yield PathProblem(path, code, message)


def _check_statements(council: Council) -> Iterator[PathProblem]:
    """Warn where a page that the law requires lacks what only the council knows."""
    if council.accessibility is None:
        message = (
            "`accessibility` is missing: whom to ask, and when the statement was prepared. Write "
            "accessibility: {email: ..., prepared: 2026-11-30}."
        )
        yield PathProblem(("council",), "accessibility_missing", message)
    if council.privacy is None:
        message = (
            "`privacy` is missing: the data protection officer, and the council's own notice. "
            "Write privacy: {email: ..., url: https://...}."
        )
        yield PathProblem(("council",), "privacy_missing", message)


def _form(directory: Directory) -> str:
    return f"{{{', '.join(f'{language}: ...' for language in directory.languages)}}}"


def _texts(directory: Directory) -> Iterator[tuple[KeyPath, Text]]:
    """Yield every text of a directory, with its path."""
    yield ("council", "name"), directory.council.name
    yield ("emergency",), directory.emergency
    if directory.unanswered is not None:
        yield ("unanswered",), directory.unanswered
    for line in directory.lines:
        yield from _line_texts(line)
    for service in directory.services:
        yield from _service_texts(service)
    for n, helpline in enumerate(directory.helplines):
        yield ("helplines", n, "name"), helpline.name
        yield ("helplines", n, "for"), helpline.audience
    for role in directory.rota:
        yield ("rota", role.id, "name"), role.name


def _line_texts(line: Line) -> Iterator[tuple[KeyPath, Text]]:
    path: KeyPath = ("lines", line.id)
    yield (*path, "name"), line.name
    for n, alias in enumerate(line.aliases):
        yield (*path, "aliases", n), alias
    if line.called is not None:
        yield (*path, "called"), line.called
    if line.options is not None:
        yield (*path, "options"), line.options
    if line.you_will_hear is not None:
        yield (*path, "you_will_hear"), line.you_will_hear
    for n, special_day in enumerate(line.special_days):
        yield (*path, "special_days", n, "name"), special_day.name


def _service_texts(service: Service) -> Iterator[tuple[KeyPath, Text]]:
    path: KeyPath = ("services", service.id)
    yield (*path, "name"), service.name
    if service.greeting is not None:
        yield (*path, "greeting"), service.greeting
    for n, form in enumerate(service.forms):
        yield (*path, "forms", n, "name"), form.name
        yield (*path, "forms", n, "when"), form.when
    for key, text in service.pages:
        yield (*path, "pages", key), text

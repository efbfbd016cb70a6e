"""A call as a caller would hear it if nobody answered, step by step, in words for staff."""

from collections.abc import Collection
from datetime import datetime

from routing import calling
from routing.calling import GiveUp, Redecide, Ring, Step
from routing.core.timetable import Timetables
from routing.formats.call import shown
from routing.wording import duty, spoken
from routing.wording.calls import lasting
from routing.wording.voice import Voice


def steps(
    timetables: Timetables,
    at: datetime,
    redecide: Redecide,
    barred: Collection[str],
    voice: Voice,
    internal_numbers: bool,
) -> list[str]:
    """Say each step of a call that begins at ``at`` and that nobody answers, with its time.

    Without ``internal_numbers`` an internal line is named without its number.
    """
    said: list[str] = []
    for when, step in calling.unanswered(timetables, at, redecide, barred):
        said += _said(timetables, when, step, redecide, barred, voice, internal_numbers)
    return said


def _said(
    timetables: Timetables,
    at: datetime,
    step: Step,
    redecide: Redecide,
    barred: Collection[str],
    voice: Voice,
    internal_numbers: bool,
) -> list[str]:
    directory, decision = timetables.directory, redecide(at)
    named = shown(timetables, decision, at, barred)
    clock = f"{at.astimezone(voice.zone):%H:%M:%S}"
    if isinstance(step, GiveUp):
        words = spoken.given_up(directory, named, voice)
        return [f"{clock} The caller hears, twice: “{words}” The call ends."]
    if not isinstance(step, Ring):
        return []
    found: list[str] = []
    greeting = spoken.greeting(decision.service, voice)
    if step.again:
        words = spoken.trying_again(directory, named, voice)
        found.append(f"{clock} The caller hears: “{words}”")
        clock = f"{(at + calling.A_MESSAGE).astimezone(voice.zone):%H:%M:%S}"
    elif step.progress.leg == 1 and greeting:
        found.append(f"{clock} The caller hears: “{greeting}”")
    return [*found, f"{clock} {_rings(step, internal_numbers)}"]


def _rings(step: Ring, internal_numbers: bool) -> str:
    usual = calling.TWILIO_ADDS.seconds
    line = duty.numbered(step.line, step.phone, internal_numbers)
    said = f"It rings {line} for {lasting(step.seconds + usual)}"
    said += f" ({step.seconds}, and {usual} that Twilio adds)."
    if step.line.press_1_to_accept:
        said += " Whoever picks up must press 1: a voicemail does not count."
    return said

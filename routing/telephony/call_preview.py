"""A call as a caller hears it if nobody answers, second by second, and how that is done."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from math import ceil

from routing.core.decision import Decision, Timetables, dial_order
from routing.core.directory import send_digits
from routing.telephony.call_flow import TWILIO_EXTRA_RING, DecideAt, Dial, unanswered_call
from routing.telephony.twiml import SPEECH_CHARACTERS_PER_SECOND, spoken_words
from routing.text import staff_text
from routing.text.locale import Locale, get_locale


def preview_call(
    timetables: Timetables,
    at: datetime,
    decide_at: DecideAt,
    excluded_numbers: Collection[str],
    locale: Locale,
    internal_numbers: bool,
) -> tuple[list[str], list[str]]:
    """Describe a call that begins at ``at`` and that nobody answers, in two lists of sentences.

    The first is what the caller hears, each sentence with the minutes and seconds since the call
    began, speech in every language included; the second is how that is done. Without
    ``internal_numbers`` an internal line is named without its number.
    """
    hears, how, seconds = [], list(_not_rung(timetables, decide_at(at), at)), 0
    for when, step in unanswered_call(timetables, at, decide_at, excluded_numbers):
        say = partial(spoken_words, step, decide_at(when), when, timetables, excluded_numbers)
        words, time = say(locale), f"{seconds // 60}:{seconds % 60:02}"
        if not isinstance(step, Dial):
            hears.append(f"{time} “{words}” Twice, and the call ends.")
            break
        if words:
            hears.append(f"{time} “{words}”")
            languages = timetables.directory.languages
            texts = {say(get_locale(language, locale.zone)) for language in languages}
            characters = sum(len(text) for text in texts if text)
            seconds += ceil(characters / SPEECH_CHARACTERS_PER_SECOND)
            time = f"{seconds // 60}:{seconds % 60:02}"
        ringing = step.seconds + TWILIO_EXTRA_RING.seconds
        hears.append(f"{time} Ringing, for {staff_text.format_duration(ringing)} at most.")
        how.append(f"{time} {_ringing(step, internal_numbers)}")
        seconds += ringing
    return hears, how


def _not_rung(timetables: Timetables, decision: Decision, at: datetime) -> Iterator[str]:
    """Yield a sentence about each line that is passed over since a divert took its calls away."""
    rung = {answer.line.id for answer in dial_order(timetables, decision, at)}
    for answer in dial_order(timetables, replace(decision, avoid=()), at):
        if answer.line.id not in rung:
            yield (
                f"{answer.line.name.get('en')} is not rung meanwhile: the divert took its calls "
                "away, so it may be out of order."
            )


def _ringing(step: Dial, internal_numbers: bool) -> str:
    line = staff_text.line_with_number(step.line, step.phone, internal_numbers)
    sentence = f"{line} rings for {step.seconds} seconds, and {TWILIO_EXTRA_RING.seconds} that "
    sentence += "Twilio adds."
    if digits := send_digits(step.line, step.phone):
        sentence += f" Once it answers, {digits} is pressed (w waits for half a second)."
    if step.line.press_1_to_accept:
        sentence += " Whoever picks up must press 1: a voicemail does not count."
    return sentence

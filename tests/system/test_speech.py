"""Every message to callers, in every language of every directory, as text and as sound.

espeak-ng says it: not the voice that callers hear, but one that reads numbers by the same rules.
"""

import re
import shutil
import subprocess
import wave
from collections import Counter
from functools import cache

import pytest
from conftest import ROOT

from routing.core.directory import KEY_PROMPT_SECONDS
from routing.directory.load import load
from routing.errors import InvalidDirectory
from routing.telephony import twiml
from routing.telephony.twiml import KEY_TIMEOUT_SECONDS, MAX_PROMPT_CHARACTERS
from routing.text.locale import get_locale

DIRECTORIES = [
    ROOT / "directory.yaml",
    *sorted((ROOT / "examples").glob("*.yaml")),
    *sorted((ROOT / "tests" / "data" / "cases").glob("*.yaml")),
]
VOICES = {"en": "en-gb", "cy": "cy"}
WITH_NUMBERS = ("NO_ANSWER_YET", "NO_ANSWER", "OUTCOME_UNKNOWN")
WITHOUT_NUMBERS = ("NEXT_LINE", "ENGAGED", "OUTCOME_UNKNOWN_NEXT_LINE")


def valid_directories():
    for file in DIRECTORIES:
        try:
            yield load(file)[0]
        except InvalidDirectory:
            continue  # a case of a file that is refused


def messages():
    """Return each different message: its language, its text and the numbers that it reads out."""
    spoken = {}
    for directory in valid_directories():
        for service in directory.services:
            lines = [(line, line.phone) for line in service.reachable if not line.internal][:2]
            numbers = tuple(phone.national for _, phone in lines)
            for language in directory.languages:
                locale = get_locale(language, directory.zone)
                for name in (*WITH_NUMBERS, *WITHOUT_NUMBERS):
                    read_out = lines if name in WITH_NUMBERS else ()
                    text = twiml.message(getattr(twiml, name), directory, read_out, locale)
                    spoken[language, text] = numbers if name in WITH_NUMBERS else ()
                if greeting := twiml.greeting(service, locale):
                    spoken[language, greeting] = None
    return [(language, text, numbers) for (language, text), numbers in spoken.items()]


@cache
def phonemes(language, text):
    """Return how a text sounds, without stress and pauses."""
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")
    done = subprocess.run(
        ["espeak-ng", "-q", "-x", "-v", VOICES[language], "--stdin"],
        input=text,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return re.sub(r"[^A-Za-z0-9@]", "", done.stdout)


def test_no_message_has_a_telephone_number_that_would_be_read_as_an_amount():
    texts = [text for _, text, _ in messages()]

    assert len(texts) > 100
    for text in texts:
        assert "999" not in text, text
        assert not re.search(r"\d{5}|\d{3} \d{4}|\d{4} \d{3}", text), text


@pytest.mark.parametrize("language", VOICES)
def test_999_and_every_number_are_heard_digit_by_digit(language):
    texts, expected = [], Counter()
    for message_language, text, numbers in messages():
        if message_language == language and numbers is not None:
            texts.append(text)
            expected.update(["999", *numbers])

    sound = phonemes(language, "\n\n".join(texts))

    assert len(texts) > 10
    for number, count in expected.items():
        digits = "".join(phonemes(language, digit) for digit in number)
        assert sound.count(digits) >= count, (language, number)


def test_a_time_is_heard_as_a_time():
    greeting = "We are open 8:30am to 5pm, for ages 0 to 18, in 2026."

    assert phonemes("en", twiml.spell_numbers(greeting)) == phonemes("en", greeting)


def test_whoever_picks_up_hears_the_prompt_within_its_time(tmp_path):
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng")
    prompts = {
        tuple(
            (language, twiml.accept_prompt(service, get_locale(language, directory.zone)))
            for language in directory.languages
        )
        for directory in valid_directories()
        for service in directory.services
    }
    seconds = []
    for prompt in prompts:
        assert sum(len(text) for _, text in prompt) <= MAX_PROMPT_CHARACTERS
        seconds.append(0)
        for language, text in prompt:
            file = tmp_path / "prompt.wav"
            subprocess.run(["espeak-ng", "-v", VOICES[language], "-w", file, text], check=True)
            with wave.open(str(file)) as sound:
                seconds[-1] += sound.getnframes() / sound.getframerate()

    assert max(seconds) + KEY_TIMEOUT_SECONDS <= KEY_PROMPT_SECONDS

"""Telephone numbers: shown as written, dialled in E.164."""

import re

import phonenumbers

from routing.core.words import Phone

_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE  # in full, not only within its area
_BARRED = {
    "+4484": "084 numbers cost the caller extra",
    "+4487": "087 numbers cost the caller extra",
    "+449": "09 numbers are premium rate",
    "+4470": "070 numbers are personal numbers, at premium rates",
}


def phone(found: object) -> Phone:
    """Read a number that can be rung. Raise ValueError, saying what to write.

    Ofcom's drama numbers, which are in nobody's use, pass: any number of a possible length does.
    """
    if not isinstance(found, str) or not re.fullmatch(r"\+?[\d ()-]+", found.strip(), re.ASCII):
        raise ValueError(f"{found!r} is not a telephone number. Write it as 01632 960001.")
    try:
        number = phonenumbers.parse(found, "GB")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        raise ValueError(
            f"'{found}' is too short or too long for a telephone number that can be rung. Write it "
            "in full, as 01632 960001; 999, 101 and text numbers may stand only under helplines."
        )
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, found.strip())


def shown(found: object) -> Phone:
    """Read a number that is shown and never rung: as ``phone``, or a short one by its digits."""
    if isinstance(found, str) and re.fullmatch(r"\d{3,6}", found.replace(" ", ""), re.ASCII):
        return Phone(found.replace(" ", ""), found.strip())
    return phone(found)


def barred(found: Phone) -> str | None:
    """Say why a service may not ring this number; None when it may."""
    return next((why for prefix, why in _BARRED.items() if found.e164.startswith(prefix)), None)

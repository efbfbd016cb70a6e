"""Telephone numbers: shown as written, dialled in E.164."""

import re

import phonenumbers

from routing.core.directory import Phone

_POSSIBLE = phonenumbers.ValidationResult.IS_POSSIBLE  # in full, not only within its area
_REASONS = {
    phonenumbers.ValidationResult.TOO_SHORT: "is too short for a telephone number",
    phonenumbers.ValidationResult.TOO_LONG: "is too long for a telephone number",
    phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "is too short for a telephone number",
    phonenumbers.ValidationResult.INVALID_LENGTH: "has a digit too few or too many",
    phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "begins with no country's code",
}
_BARRED = {
    "+4484": "084 numbers cost the caller extra",
    "+4487": "087 numbers cost the caller extra",
    "+449": "09 numbers are premium rate",
    "+4470": "070 numbers are personal numbers, at premium rates",
}


def parse_phone(found: object) -> Phone:
    """Read a number that can be rung. Raise ValueError, saying what to write.

    Ofcom's drama numbers, which are in nobody's use, pass: any number of a possible length does.
    """
    if not isinstance(found, str) or not re.fullmatch(r"\+?[\d ()-]+", found.strip(), re.ASCII):
        raise ValueError(f"{found!r} is not a telephone number. Write it as 01632 960001.")
    try:
        number = phonenumbers.parse(found, "GB")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or (why := _impossible(number)):
        raise ValueError(
            f"'{found}' {why if number else 'is no telephone number'}. Write it in full, as 01632 "
            "960001; 999, 101 and text numbers may stand only under helplines."
        )
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, found.strip())


def parse_display_phone(found: object) -> Phone:
    """Read a number that is shown and never rung: as ``phone``, or a short one by its digits."""
    if isinstance(found, str) and re.fullmatch(r"\d{3,6}", found.replace(" ", ""), re.ASCII):
        return Phone(found.replace(" ", ""), found.strip())
    return parse_phone(found)


def forbidden_reason(e164: str) -> str | None:
    """Say why a service may not ring this number; None when it may."""
    return next((why for prefix, why in _BARRED.items() if e164.startswith(prefix)), None)


def _impossible(number: phonenumbers.PhoneNumber) -> str | None:
    """Say why no telephone has this number; None when one may."""
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == _POSSIBLE:
        if number.country_code != 44 or not number.italian_leading_zero:
            return None
        reason = phonenumbers.ValidationResult.TOO_SHORT  # an area code and a few digits
    return _REASONS.get(reason, "is no telephone number")

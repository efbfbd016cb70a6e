"""What can be seen from here: the settings, the lines, the clock, the zones and the database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from urllib.parse import urlsplit

import phonenumbers
import sqlalchemy as sa
from flask import current_app

from routing import config, health, lookup
from routing.core.directory import Line
from routing.doctor.finding import Finding, doubt, fine, stops
from routing.errors import DatabaseUnavailable, InvalidSetting
from routing.lint import numbers
from routing.store import migrate

NEAR = ("127.0.0.1", "localhost", "::1")
DRAMA = ("+441632960", "+442079460", "+447700900")
"""Ofcom's numbers for drama, which ring nobody: ofcom.org.uk, "Numbers for use in drama"."""

MOST_OFF = 5.0
"""Seconds by which two clocks may differ: a call at 17:00:00 is decided by them."""

_OWN = {"telephone_off", "unverified", "verification_expired", "signatures_refused"}


def settings() -> Iterator[Finding]:
    """Check the settings that telephony needs."""
    given = current_app.config
    disabled = config.telephony_disabled_reason(given)
    yield stops(disabled) if disabled else fine("The telephone is on.")
    if given["TWILIO_AUTH_TOKEN"] and given["TWILIO_AUTH_TOKEN_2"]:
        yield fine("Two tokens are set: requests signed with either are let in.")
    parts = urlsplit(config.base_url(given))
    if parts.scheme == "http" and parts.hostname not in NEAR:
        yield stops(
            f"PUBLIC_BASE_URL is {given['PUBLIC_BASE_URL']}: without https anybody on the way can "
            "read who calls whom. Put TLS before the service, and write https://."
        )
    if lookup.is_rehearsal():
        number = given["REHEARSAL_NUMBER"]
        yield doubt(f"This is a rehearsal: {_rung(number)} Unset CLOCK_STARTS_AT to end it.")


def lines() -> Iterator[Finding]:
    """Look for lines that cannot be rung, that lead back here, or that nobody has confirmed."""
    facts, at = lookup.snapshot(), lookup.now()
    services, found = facts.directory.services, 0
    for line in {x.id: x for service in services for x in service.reachable}.values():
        for text in _cannot_be_rung(line):
            found += 1
            yield doubt(text)
    for path, code, message in numbers.warnings(facts, at):
        found += 1
        if code == "number_loops":
            yield stops(f"The service '{path[1]}': {message}")
        else:
            yield doubt(message)
    for service in services:
        if service.number is None:
            found += 1
            yield doubt(
                f"The service '{service.id}' has no `number`: where a call does not tell which "
                "number was called, lines see none of the council's. Write what callers ring."
            )
    if not found:
        yield fine("Every line can be rung, is confirmed, and leads nowhere back.")


def machine() -> Iterator[Finding]:
    """Look at the clock, the zones and the database."""
    try:
        config.check_zones()
        yield fine(f"Zone data is right (tzdata {version('tzdata')}).")
    except InvalidSetting as error:
        yield stops(str(error))
    database = lookup.database()
    try:
        if migrate.needs_upgrade(database):
            yield stops(
                "The database is not made, or not for this version: calls are put through, but not "
                "written, and nobody can divert them. Run `flask db upgrade`."
            )
            return
        yield fine("The database answers, and is made for this version.")
        if not database.is_sqlite:
            with database.reading() as connection:
                theirs = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
            yield clock("the database", theirs)
    except DatabaseUnavailable as error:
        yield stops(f"{error} Calls are put through by the diverts last read, and not written.")


def warnings() -> Iterator[Finding]:
    """Repeat what `flask status` warns of."""
    for each in health.conditions():
        if each.code not in _OWN and not each.code.startswith(("database_", "alerts_")):
            yield (stops if each.serious else doubt)(each.text)


def clock(whose: str, theirs: datetime) -> Finding:
    """Compare this machine's clock with another's."""
    off = abs((datetime.now(UTC) - theirs).total_seconds())
    if off <= MOST_OFF:
        return fine(f"This machine's clock and that of {whose} agree within {MOST_OFF:g} seconds.")
    return stops(
        f"This machine's clock and that of {whose} differ by {off:.0f} seconds: handovers would "
        "come early or late. Keep both with NTP (`timedatectl`)."
    )


def _cannot_be_rung(line: Line) -> Iterator[str]:
    if line.phone.e164.startswith(DRAMA):
        yield f"The line '{line.id}' is {line.phone.display}, a number for drama: it rings nobody."
        return
    number = phonenumbers.parse(line.phone.e164)
    if not phonenumbers.is_valid_number(number):
        yield (
            f"The line '{line.id}' is {line.phone.display}: by the numbering plan no telephone has "
            "such a number. Ring it, then correct it."
        )
    elif number.country_code != 44:
        yield (
            f"The line '{line.id}' is {line.phone.display}, in another country: Twilio may block "
            "calls to there (its error 32224). Allow the country in Twilio's Geo Permissions."
        )


def _rung(number: str | None) -> str:
    if number is None:
        return "no call is put through."
    if number == "directory":
        return "the directory's own numbers are rung."
    return f"every call rings {number}."

"""To whom alerts go, by the settings; and what is wrong with that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from routing.store import alerts
from routing.store.tables import hash_token
from routing.text import dates
from routing.text.locale import Locale

LATELY = timedelta(minutes=15)
"""How long ago `flask alerts send` may have run: it is meant to run every minute."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody, or something, that alerts are sent to.

    ``key`` is what the database knows it by: a hash, and another one in a rehearsal, so that
    neither is told what belongs to the other. ``name`` is how it is called in words that many may
    read. ``address`` is for mail; None is the webhook.
    """

    key: str
    name: str
    address: str | None = None


def recipients(config: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Return everybody whom the settings name: none where they are not complete."""
    found = []
    if config["ALERT_SMTP_URL"] and config["ALERT_FROM"] and config["ALERT_TO"]:
        listed = [each.strip() for each in config["ALERT_TO"].split(",")]
        for number, address in enumerate(dict.fromkeys(listed), 1):
            key = _key(config, address.casefold())
            found.append(Recipient(key, f"address {number} of ALERT_TO", address))
    if config["ALERT_WEBHOOK_URL"]:
        found.append(Recipient(_key(config, config["ALERT_WEBHOOK_URL"]), "the webhook"))
    return tuple(found)


def lacking(config: Mapping[str, Any]) -> str | None:
    """Say what must be set so that somebody is told; None where nothing is lacking."""
    mail = ("ALERT_SMTP_URL", "ALERT_FROM", "ALERT_TO")
    without = [name for name in mail if not config[name]]
    if without and len(without) < len(mail):
        return f"No alert goes out by email: set {' and '.join(without)} too."
    if without and not config["ALERT_WEBHOOK_URL"]:
        return (
            "Nobody is told when a call is not answered or a divert ends: set ALERT_SMTP_URL, "
            "ALERT_FROM and ALERT_TO, or ALERT_WEBHOOK_URL, try `flask alerts test`, and run "
            "`flask alerts send` every minute."
        )
    return None


def warnings(
    connection: Connection, config: Mapping[str, Any], locale: Locale
) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with sending to each recipient, with its code: all of it is serious.

    A rehearsal needs no timer, so nobody is warned there that none has run.
    """
    now, known = alerts.database_time(connection), recipients(config)
    states = alerts.delivery_states(connection, [each.key for each in known])
    looked = [states[x.key].last_polled_at for x in known if x.key in states]
    if known and not config["CLOCK_STARTS_AT"] and not (looked and now - max(looked) <= LATELY):
        last = f"since {dates.format_datetime(max(looked), locale)}" if looked else "yet"
        yield (
            "alerts_not_sent",
            f"Nobody is told of anything: `flask alerts send` has not run {last}. Run it every "
            "minute, by a timer.",
        )
    for each in known:
        state = states.get(each.key)
        if state is not None and state.failing_since is not None:
            yield (
                "alerts_failing",
                f"Alerts do not reach {each.name} since "
                f"{dates.format_datetime(state.failing_since, locale)}; {state.waiting} wait. {state.fault} "
                "They are tried again by themselves. Once it is mended: `flask alerts send --now`.",
            )


def _key(config: Mapping[str, Any], address: str) -> str:
    rehearsal = "rehearsal " if config["CLOCK_STARTS_AT"] else ""
    return hash_token(f"{rehearsal}{address}")[:16]

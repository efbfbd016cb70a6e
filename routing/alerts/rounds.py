"""One round: notice what is due, queue it, send what waits, note what was sent."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app

from routing import lookup
from routing.alerts import delivery
from routing.alerts import messages as messages_module
from routing.alerts.due import due
from routing.alerts.recipients import Recipient, recipients
from routing.config import base_url
from routing.store import alerts
from routing.store.alerts import QueuedAlert


@dataclass(frozen=True, slots=True)
class Result:
    """What became of what waited for a recipient.

    ``sent`` is how many alerts it was told of, ``waiting`` how many still wait, and ``fault`` why,
    None where they only wait for the next message.
    """

    recipient: Recipient
    sent: int
    waiting: int
    fault: str | None


def send(impatient: bool = False) -> list[Result]:
    """Do a round, and return what became of it for each recipient. Raise DatabaseUnavailable.

    Any number of machines may do rounds at the same time. ``impatient`` waits for no pause.
    """
    config, at, database = current_app.config, lookup.now(), lookup.database()
    known = {each.key: each for each in recipients(config)}
    with database.reading() as connection:
        found = due(connection, at)
    with database.writing() as connection:
        now = alerts.database_time(connection)
        alerts.enqueue(connection, list(known), found, at, now)
        before = at - timedelta(days=int(config["CALL_RETENTION_DAYS"]))
        alerts.purge(connection, list(known), [each.key for each in found], before)
        claimed = {key: alerts.lease(connection, key, now, impatient) for key in known}
    sent = _post({known[key]: queued for key, queued in claimed.items() if queued})
    with database.reading() as connection:
        states = alerts.delivery_states(connection, list(known))
    return [
        Result(each, sent.get(each, 0), states[key].waiting, states[key].fault)
        for key, each in known.items()
    ]


def _post(waiting: dict[Recipient, list[QueuedAlert]]) -> dict[Recipient, int]:
    """Send each recipient what waits for it, and note each as soon as it is known.

    Return how many alerts each was told of.
    """
    config, locale = current_app.config, lookup.staff_locale()
    base, rehearsing = base_url(config), lookup.is_rehearsal()
    messages = {
        each: messages_module.message(queued, base, rehearsing, locale)
        for each, queued in waiting.items()
    }
    told = {}
    for each, fault in delivery.send(config, messages):
        with lookup.database().writing() as connection:
            now = alerts.database_time(connection)
            if fault is None:
                alerts.mark_sent(connection, each.key, [x.id for x in waiting[each]], now)
                told[each] = len(waiting[each])
            else:
                alerts.mark_failed(connection, each.key, fault, now)
    return told

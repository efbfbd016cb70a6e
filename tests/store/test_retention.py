"""What was kept long enough is gone, each kind by its own rule: from tables, and from the disk."""

from datetime import timedelta

import pytest
from divert_to import divert_to

from routing.conditions import Condition
from routing.core.instants import Span
from routing.rota.roster import Cover, Shift
from routing.store import (
    accounts,
    alerts,
    audit_log,
    calls,
    db,
    diverts,
    retention,
    rota,
    rota_people,
)
from routing.store.accounts import Role
from routing.store.calls import Call
from routing.store.db import Database
from routing.store.tables import counters

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SETTINGS = {"CALL_RETENTION_DAYS": "90", "NOTE_RETENTION_DAYS": "60", "ROTA_RETENTION_DAYS": "730"}
KEPT = {
    "calls": 90 * DAY,
    "notes": 60 * DAY,
    "names on the rota": 730 * DAY,
    "accounts that nobody uses": 730 * DAY,
    "calendars that are revoked": timedelta(0),
    "sessions and links for a new password": timedelta(0),
    "wrong passwords": accounts.FAILURE_LIFETIME,
    "senders of text messages": timedelta(hours=1),
    "alerts": 90 * DAY,
}
RULES = {rule.what: rule for rule in retention.RULES}


def over(connection, what, at):
    """Leave something of a kind that is over at ``at``, and whatever it needs."""
    granted, hour = frozenset([Role.VIEW]), timedelta(hours=1)
    if what == "calls":
        calls.begin(connection, "x", Call("children", "eds", "out_of_hours", at))
    elif what == "senders of text messages":
        row = {"hour": at, "name": "text_sender:x", "count": 1}
        connection.execute(counters.insert().values(row))
    elif what == "alerts":
        alerts.enqueue(connection, ["a"], [Condition("rota_gap", "Nobody.", alert_key="1")], at)
    elif what == "sessions and links for a new password":
        person = accounts.add(connection, "Priya Shah", granted, None, at, "terminal:0")
        accounts.start_session(connection, person, at - accounts.TOKEN_LIFETIMES[accounts.SESSION])
    elif what == "wrong passwords":
        accounts.check_rate_limit(connection, "Priya Shah", at)
    elif what in ("notes", "names on the rota"):
        amara = rota_people.add(connection, "Amara Owusu", None, at, "account:1")
        shift = Shift("eds-social-worker", amara.id, Span(at - 2 * hour, at))
        rota.add(connection, "added", [shift], at - DAY, "account:1")
        if what == "notes":
            during = Span(at - hour, at)
            rota.add(connection, "covered", [Cover(1, None, during, "Flu")], at, "account:1")
            diverts.create(connection, [divert_to("eds", during)], "Flu", at - hour, "account:1")
    else:
        person = accounts.upsert_sso_account(
            connection, "https://id", "s-1", "Dev Patel", granted, at
        )
        if what == "calendars that are revoked":
            rota_people.create_calendar(connection, None, person.id, at - hour, person.actor)
            rota_people.revoke_calendar(connection, 1, at, person.actor)


@pytest.fixture
def purge(write):
    """Purge one kind of data; return how much of it."""

    def purge(what, at):
        rule = RULES[what]
        return sum(write(rule.purge, at - rule.duration(SETTINGS), at, "terminal:0"))

    return purge


@pytest.mark.parametrize("what", RULES)
def test_each_kind_is_kept_for_its_time_and_is_overdue_two_days_later(
    write, read, purge, now, what
):
    write(over, what, now)
    ends = now + KEPT[what]
    overdue_at = ends + retention.PURGE_GRACE

    assert purge(what, ends - SECOND) == 0
    assert what not in read(retention.overdue, SETTINGS, overdue_at - SECOND)
    assert what in read(retention.overdue, SETTINGS, overdue_at + SECOND)
    assert purge(what, ends + SECOND) == (2 if what == "notes" else 1)
    assert what not in read(retention.overdue, SETTINGS, overdue_at + SECOND)
    assert purge(what, ends + DAY) == 0


@pytest.mark.parametrize("what", [*KEPT][:4])
def test_a_purge_of_what_staff_would_miss_is_in_the_record_by_number_alone(
    write, read, purge, now, what
):
    write(over, what, now)
    for _ in range(2):
        purge(what, now + KEPT[what] + SECOND)
    entries = [entry for entry in read(audit_log.newest, 99) if entry.actor == "terminal:0"]

    assert [entry.action for entry in entries] == [
        {
            "calls": "calls.purged",
            "notes": "notes.purged",
            "names on the rota": "rota.purged",
            "accounts that nobody uses": "account.removed",
        }[what]
    ]
    assert not any(word in repr(entries) for word in ("Amara", "Dev", "Flu", "s-1"))


def test_whoever_comes_back_after_being_forgotten_is_somebody_new(write, read, purge, now):
    write(over, "accounts that nobody uses", now)
    later, granted = now + 731 * DAY, frozenset([Role.DIVERT])
    purge("accounts that nobody uses", later)
    back = write(accounts.upsert_sso_account, "https://id", "s-1", "Dev Patel", granted, later)

    assert back.id != 1
    assert read(accounts.active_accounts) == [back]


def test_a_local_account_stays_for_the_day_when_nothing_else_works(write, purge, now):
    granted = frozenset([Role.ADMIN])
    write(accounts.add, "Break glass", granted, "correct horse battery", now, "terminal:0")

    assert purge("accounts that nobody uses", now + 9999 * DAY) == 0


def test_what_is_purged_is_not_left_on_the_disk_of_sqlite(tmp_path, now):
    """In no file, under no name: in pages that are free again, and in the log of writes, too."""
    database = Database("", tmp_path)
    db.upgrade(database)
    names = [f"Zz{chr(97 + number // 26)}{chr(97 + number % 26)}q Owusu" for number in range(150)]
    with database.writing() as connection:
        for number, name in enumerate(names):
            at = now + number * timedelta(minutes=1)
            person = rota_people.add(connection, name, None, at, "account:1")
            during = Span(at, at + timedelta(hours=1))
            rota.add(connection, "added", [Shift("x", person.id, during)], at - DAY, "account:1")
            rota.add(connection, "covered", [Cover(number + 1, None, during, name)], at, "p")
            diverts.create(connection, [divert_to("eds", during)], name, at, "account:1")
            rota_people.leave(connection, person.id, at, "account:1")
    files = [database.file, database.file.with_name(f"{database.file.name}-wal")]

    def left():
        content = b"".join(file.read_bytes() for file in files if file.exists())
        return [name for name in names if name.partition(" ")[0].encode() in content]

    assert left() == names
    with database.writing() as connection:
        for rule in retention.RULES:
            at = now + 1000 * DAY
            rule.purge(connection, at - rule.duration(SETTINGS), at, "terminal:0")
    assert database.scrub()
    assert left() == []
    database.engine.dispose()

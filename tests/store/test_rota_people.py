"""People on the rota: one of each name, forgotten in time; and calendars that die with them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.core.instants import Span
from routing.errors import InvalidRotaChange, UnknownShift
from routing.rota.roster import NewCover, NewShift
from routing.store import accounts, audit_log, retention, rota, rota_people, tables
from routing.store.accounts import LOCAL, Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def act(write, now):
    """Call a function as somebody, now."""
    return lambda function, *given: write(function, *given, now, "account:1")


@pytest.fixture
def amara(act):
    return act(rota_people.add, "Amara Owusu", "07700 900123")


@pytest.fixture
def account(write, now):
    row = write(accounts.add, "amara", frozenset([Role.VIEW]), None, now, "terminal:0")
    write(accounts.start_session, row, now)
    return row.id


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 101,
        "=cmd()",
        "+44",
        "-1",
        "@x",
        "a\nb\x07",
        "Owusu, Amara",
        "Former worker 3",
    ],
)
def test_a_name_that_cannot_be_one_is_refused(act, name):
    with pytest.raises(InvalidRotaChange):
        act(rota_people.add, name, None)


@pytest.mark.parametrize("name", ["Siân O’Brien", "Llŷr ap Rhys", "Nguyễn Thị Ánh", "李 Wei", "X"])
def test_names_are_kept_as_they_are_written(act, read, name):
    act(rota_people.add, f"  {name} ", None)

    assert [person.name for person in read(rota_people.all_people)] == [name]


@pytest.mark.parametrize(
    "again", ["siân  O’BRIEN", "Siân O'Brien", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n O’Brien"]
)
def test_one_name_written_in_two_ways_is_one_person(act, again):
    act(rota_people.add, "Siân O’Brien", None)
    with pytest.raises(InvalidRotaChange, match="already"):
        act(rota_people.add, again, None)


def test_the_name_of_one_who_left_is_free_again(act, read, amara):
    act(rota_people.leave, amara.id)
    act(rota_people.add, "Amara Owusu", None)

    assert [person.left_at is None for person in read(rota_people.all_people)] == [False, True]


def test_the_record_says_that_a_phone_was_changed_and_never_what_it_was(act, read, amara):
    act(rota_people.change, amara.id, "Amara Owusu", "07700 900456", None)
    entries = read(audit_log.newest, 9)

    assert entries[0].after == {"phone": "changed"}
    assert "900" not in repr(entries)
    assert "Amara" not in repr(entries)


def test_a_change_that_changes_nothing_is_not_recorded(act, read, amara):
    act(rota_people.change, amara.id, "Amara Owusu", "07700 900123", None)

    assert [entry.action for entry in read(audit_log.newest, 9)] == ["rota_person.added"]


def test_two_people_have_two_accounts(act, read, amara, account):
    act(rota_people.change, amara.id, "Amara Owusu", None, account)
    other = act(rota_people.add, "Ben Hughes", None)
    with pytest.raises(InvalidRotaChange, match="account"):
        act(rota_people.change, other.id, "Ben Hughes", None, account)

    assert read(rota_people.find_by_account, account).name == "Amara Owusu"
    assert read(rota_people.find_by_account, 99) is None


def test_one_who_left_is_not_found_any_more(act, read, amara):
    act(rota_people.leave, amara.id)
    with pytest.raises(UnknownShift):
        read(rota_people.get, amara.id)


def test_a_feed_is_found_by_its_token_alone_and_only_its_hash_is_kept(act, read, amara, account):
    token = act(rota_people.create_calendar, amara.id, None, account)

    assert read(rota_people.find_calendar, token).rota_person_id == amara.id
    assert read(rota_people.find_calendar, token + "x") is None
    assert token not in repr(read(sa.Connection.execute, tables.calendars.select()).all())
    assert token not in repr(read(audit_log.newest, 9))


@pytest.mark.parametrize("end", ["revoked", "worker left", "account removed", "maker left"])
def test_a_feed_dies_when_it_is_revoked_or_its_owner_goes(act, read, amara, account, end):
    act(rota_people.change, amara.id, "Amara Owusu", None, account)
    token = act(
        rota_people.create_calendar, None if end == "maker left" else amara.id, None, account
    )
    if end == "revoked":
        act(rota_people.revoke_calendar, 1)
    elif end == "account removed":
        act(accounts.remove, "amara")
    else:
        act(rota_people.leave, amara.id)

    assert read(rota_people.find_calendar, token) is None
    assert read(rota_people.unrevoked_calendars) == []


@pytest.mark.parametrize(("issuer", "days"), [(LOCAL, 184), ("https://login.example", 30)])
def test_a_feed_is_suspended_until_its_owner_signs_in_again(act, write, now, issuer, days):
    """For half a year without a provider; with one for 30 days, since it tells nobody who left."""
    granted, later = frozenset({Role.VIEW}), now + timedelta(days=days)
    owner = write(accounts.upsert_sso_account, issuer, "s1", "Amara", granted, now)
    write(accounts.start_session, owner, now)
    token = act(rota_people.create_calendar, None, None, owner.id)
    feed = write(rota_people.find_calendar, token)

    assert not feed.is_suspended(later - timedelta(seconds=1), issuer)
    assert feed.is_suspended(later, issuer)
    write(accounts.start_session, owner, later)
    assert not write(rota_people.find_calendar, token).is_suspended(later, issuer)


def test_a_feed_is_suspended_while_its_owner_could_not_sign_in(act, read, account, now):
    act(rota_people.create_calendar, None, None, account)
    (feed,) = read(rota_people.unrevoked_calendars)

    assert feed.owner == "amara"
    assert not feed.is_suspended(now, LOCAL)
    assert feed.is_suspended(now, "https://login.example")


def test_a_feed_is_revoked_once(act, account):
    act(rota_people.create_calendar, None, "eds-social-worker", account)
    act(rota_people.revoke_calendar, 1)
    with pytest.raises(UnknownShift):
        act(rota_people.revoke_calendar, 1)


@pytest.fixture
def past(act, write, now, amara):
    """Shifts of two people: long ago, and lately; somebody covered one; one of them has left."""
    ben = act(rota_people.add, "Ben Hughes", None)
    for start in (-900 * DAY, -800 * DAY, -10 * DAY):
        for person in (amara, ben):
            during = Span(now + start, now + start + HOUR)
            new = NewShift("eds-social-worker", person.id, during)
            write(rota.add, "added", [new], now, "account:1")
    during = Span(now - 900 * DAY, now - 900 * DAY + HOUR / 2)
    write(rota.add, "covered", [NewCover(1, ben.id, during, "Sick")], now, "account:1")
    write(rota_people.leave, ben.id, now - 731 * DAY, "account:1")


@pytest.fixture
def purge(read, write):
    """Forget what is older than two years; return how many people and shifts."""

    def purge(at):
        before = at - 730 * DAY
        assert read(retention.ROTA_RULE.is_overdue, before)
        counts = write(rota_people.purge, before, at, "terminal:0")
        assert not read(retention.ROTA_RULE.is_overdue, before)
        return counts

    return purge


def test_who_did_what_long_ago_is_forgotten_and_what_was_done_is_not(purge, read, now, past):
    assert purge(now) == (1, 2)
    shifts, covers = read(rota.read, now - 1000 * DAY, now)
    names = {person.id: person.name for person in read(rota_people.all_people)}

    assert [(names[shift.person_id], (shift.during.start - now).days) for shift in shifts] == [
        ("Former worker 3", -900),
        ("Former worker 2", -900),
        ("Former worker 3", -800),
        ("Former worker 2", -800),
        ("Amara Owusu", -10),
        ("Former worker 2", -10),
    ]
    assert len(covers) == 1


def test_what_is_forgotten_is_in_no_row_of_the_database(purge, read, now, past):
    purge(now)
    for table in tables.METADATA.sorted_tables:
        assert "Ben" not in repr(read(sa.Connection.execute, table.select()).all())


def test_forgetting_again_forgets_nothing_more_and_keeps_one_name_for_one_person(
    purge, write, read, now, past
):
    purge(now)
    assert write(rota_people.purge, now - 730 * DAY, now, "terminal:0") == (0, 0)
    assert purge(now + 725 * DAY) == (0, 1)
    changes = [entry.after for entry in read(audit_log.newest, 2)]
    shifts, _ = read(rota.read, now - 1000 * DAY, now)

    assert changes == [{"people": 0, "shifts": 1}, {"people": 1, "shifts": 2}]
    assert {shift.person_id for shift in shifts} == {2, 3}


def test_somebody_who_only_covered_long_ago_is_overdue_too(purge, act, write, now, amara):
    ben = act(rota_people.add, "Ben Hughes", None)
    during = Span(now - 900 * DAY, now - 900 * DAY + HOUR)
    shift = NewShift("eds-social-worker", amara.id, during)
    write(rota.add, "added", [shift], now, "account:1")
    purge(now)
    write(rota.add, "covered", [NewCover(1, ben.id, during, "Sick")], now, "account:1")

    assert purge(now) == (0, 1)

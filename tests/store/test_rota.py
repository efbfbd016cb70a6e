"""The rota as it is stored: the database's own rules, undo, people, calendars, forgetting."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from routing.core.instants import Span
from routing.errors import ConstraintViolation, InvalidRotaChange, UnknownShift
from routing.rota.roster import Cover, Shift
from routing.store import accounts, audit_log, retention, rota, rota_people, tables
from routing.store.accounts import LOCAL, Role

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PROVIDER = "https://login.example"


@pytest.fixture
def act(write, now):
    """Call a function as somebody, now."""
    return lambda function, *given: write(function, *given, now, "account:1")


@pytest.fixture
def amara(act):
    return act(rota_people.add, "Amara Owusu", "07700 900123")


@pytest.fixture
def ben(act, amara):
    return act(rota_people.add, "Ben Hughes", None)


@pytest.fixture
def add(write, now, ben):
    def add(*added, at=now, kind="added", **more):
        return write(rota.add, kind, added, at, "account:1", **more)

    return add


@pytest.fixture
def held(read, now):
    """Return what counts: (id, hours from now) of every shift, or of every cover."""

    def held(what=0):
        rows = read(rota.read, now - 99 * HOUR, now + 99 * HOUR)[what]
        return sorted(
            (row.id, (row.during.start - now) / HOUR, (row.during.end - now) / HOUR) for row in rows
        )

    return held


@pytest.fixture
def undo(write, now):
    return lambda change, at=now: write(rota.undo, change.id, at, "account:1")


@pytest.fixture
def cancel(read, write, now):
    def cancel(at=now, shift=1):
        return write(rota.add, "removed", [], at, "account:1", "", [read(rota.get, shift)])

    return cancel


def shift(now, start=1.0, end=9.0, worker=1, role="eds-social-worker"):
    return Shift(role, worker, Span(now + start * HOUR, now + end * HOUR))


def cover(now, start, end, worker=2, of=1):
    return Cover(of, worker, Span(now + start * HOUR, now + end * HOUR), "Sick")


def test_a_shift_comes_back_as_it_was_added_with_a_record(read, add, now, held):
    change = add(shift(now))

    assert held() == [(1, 1, 9)]
    assert read(rota.get_change, change.id).kind == "added"
    (entry,) = read(audit_log.newest, 1)
    assert (entry.action, entry.entity) == ("rota.added", "rota:1")
    assert entry.after == {
        "role": "eds-social-worker",
        "person": "rota_person:1",
        "from": (now + HOUR).isoformat(),
        "to": (now + 9 * HOUR).isoformat(),
    }


@pytest.mark.parametrize(
    ("start", "count"), [(-MINUTE, 0), (0 * MINUTE, 1), (169 * HOUR - MINUTE, 1), (169 * HOUR, 0)]
)
def test_a_shift_of_169_hours_is_read_from_its_first_minute_to_its_last(
    add, read, now, start, count
):
    add(shift(now, 0, 169))

    assert len(read(rota.read, now + start, now + start + MINUTE)[0]) == count


@pytest.mark.parametrize(
    ("start", "end", "forbidden"),
    [(0, 1, False), (0, 1.01, True), (3, 4, True), (0, 10, True), (8.99, 10, True), (9, 10, False)],
)
def test_the_database_refuses_two_shifts_of_one_person_in_a_role_at_once(
    add, now, held, start, end, forbidden
):
    add(shift(now), shift(now, worker=2), shift(now, role="mash-social-worker"))
    if forbidden:
        with pytest.raises(ConstraintViolation, match="shifts_no_overlap"):
            add(shift(now, start, end))
    else:
        add(shift(now, start, end))
    assert len(held()) == (3 if forbidden else 4)


def test_two_who_add_the_same_at_once_add_it_once(add, now, held):
    def is_refused(_):
        try:
            return not add(shift(now))
        except ConstraintViolation:
            return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(is_refused, range(2))) == [False, True]
    assert len(held()) == 1


def test_of_several_shifts_all_are_added_or_none(add, now, held):
    with pytest.raises(ConstraintViolation):
        add(shift(now, 20, 21), shift(now, 30, 31), shift(now, 30.5, 32))

    assert held() == []


def test_no_shift_or_cover_may_end_before_it_starts(add, now):
    add(shift(now))
    for wrong in (shift(now, 12, 12), shift(now, 12, 11), cover(now, 3, 2)):
        with pytest.raises(ConstraintViolation, match="ends_after_it_starts"):
            add(wrong)


def test_what_is_undone_is_gone_comes_back_if_that_is_undone_and_is_undone_once(
    add, undo, now, held
):
    batch = add(shift(now), shift(now, 20, 30), kind="filled", summary="Filled May")
    undone = undo(batch)
    assert (held(), undone.summary) == ([], "Undone: Filled May")
    with pytest.raises(UnknownShift):
        undo(batch)
    back = undo(undone)
    assert (held(), back.summary) == ([(1, 1, 9), (2, 20, 30)], "Put back: Filled May")
    with pytest.raises(InvalidRotaChange, match="cannot be undone"):
        undo(back)
    undo(batch)
    assert held() == []


def test_what_an_undone_change_had_added_comes_back_with_that_change_and_no_other_undo(
    add, undo, cancel, now, held
):
    batch = add(shift(now), shift(now, 20, 30), kind="imported")
    removal = cancel(shift=1)
    undone = undo(batch)
    undo(removal)
    assert held() == []

    undo(undone)
    assert held() == [(1, 1, 9), (2, 20, 30)]


def test_undoing_a_removal_is_refused_where_something_new_is_in_the_way(
    add, undo, cancel, now, held
):
    add(shift(now))
    removal = cancel()
    add(shift(now, 3, 4))

    with pytest.raises(ConstraintViolation):
        undo(removal)
    assert held() == [(2, 3, 4)]


@pytest.mark.parametrize(
    ("after", "left"),
    [(-HOUR, []), (4 * MINUTE, []), (5 * MINUTE, [(1, 60, 65)]), (20 * HOUR, [(1, 60, 540)])],
)
def test_what_somebody_did_until_their_shift_was_taken_away_stays(
    add, cancel, now, held, after, left
):
    add(shift(now), at=now - HOUR)
    cancel(now + HOUR + after, shift=1)

    assert [(n, round(start * 60), round(end * 60)) for n, start, end in held()] == left


def test_a_shift_that_was_taken_away_is_not_taken_away_again_later(add, cancel, now, held):
    add(shift(now), at=now - HOUR)
    cancel(now + 2 * HOUR)
    cancel(now + 3 * HOUR)

    assert held() == [(1, 1, 2)]


def test_a_shift_entered_after_it_was_over_can_be_taken_back_whole(add, undo, now, held):
    batch = add(shift(now, -9, -1))
    assert held() == [(1, -9, -1)]

    undo(batch, at=now + HOUR)
    assert held() == []


def test_every_change_of_a_shift_or_its_covers_counts_for_calendars(read, write, add, undo, now):
    def sequence():
        row = read(rota.get, 1)
        return row.sequence, row.changed_at

    add(shift(now))
    assert sequence() == (0, now)
    change = add(cover(now, 2, 3), at=now + MINUTE)
    assert sequence() == (1, now + MINUTE)
    undo(change, at=now + 2 * MINUTE)
    assert sequence() == (2, now + 2 * MINUTE)
    add(cover(now, 2, 3), at=now)
    _, (old,) = read(rota.read, now, now + DAY)
    add(at=now + 9 * MINUTE, kind="uncovered", cancelled=[old])
    assert sequence() == (4, now + 9 * MINUTE)
    write(rota_people.leave, 1, now + 2 * HOUR, "account:1")
    assert sequence() == (5, now + 2 * HOUR)


@pytest.fixture
def account(write, now):
    row = write(accounts.add, "amara", frozenset([Role.VIEW]), None, now, "terminal:0")
    write(accounts.start_session, row, now)
    return row.id


@pytest.mark.parametrize(
    "again", ["siân  O’BRIEN", "Siân O'Brien", "Sia\N{COMBINING CIRCUMFLEX ACCENT}n O’Brien"]
)
def test_one_name_written_in_two_ways_is_one_person(act, again):
    act(rota_people.add, "Siân O’Brien", None)
    with pytest.raises(InvalidRotaChange, match="already"):
        act(rota_people.add, again, None)


def test_one_who_left_is_not_found_any_more_and_the_name_is_free_again(act, read, amara):
    act(rota_people.leave, amara.id)
    with pytest.raises(UnknownShift):
        read(rota_people.get, amara.id)
    act(rota_people.add, "Amara Owusu", None)

    assert [person.left_at is None for person in read(rota_people.all_people)] == [False, True]


@pytest.mark.parametrize(
    ("phone", "changes"), [("07700 900456", [{"phone": "changed"}]), ("07700 900123", [])]
)
def test_the_record_says_that_a_phone_was_changed_and_never_what_it_was(
    act, read, amara, phone, changes
):
    act(rota_people.change, amara.id, "Amara Owusu", phone, None)
    entries = read(audit_log.newest, 9)

    assert [entry.after for entry in entries[:-1]] == changes
    assert "900" not in repr(entries)
    assert "Amara" not in repr(entries)


@pytest.mark.parametrize("end", ["revoked", "worker left", "account removed", "maker left"])
def test_a_feed_dies_when_it_is_revoked_or_its_owner_goes(act, read, amara, account, end):
    act(rota_people.change, amara.id, "Amara Owusu", None, account)
    whose = None if end == "maker left" else amara.id
    token = act(rota_people.create_calendar, whose, account)
    if end == "revoked":
        act(rota_people.revoke_calendar, 1)
        with pytest.raises(UnknownShift):
            act(rota_people.revoke_calendar, 1)
    elif end == "account removed":
        act(accounts.remove, read(accounts.get, "amara"))
    else:
        act(rota_people.leave, amara.id)

    assert read(rota_people.find_calendar, token) is None
    assert read(rota_people.unrevoked_calendars) == []


@pytest.mark.parametrize(("issuer", "days"), [(LOCAL, 184), (PROVIDER, 30)])
def test_a_feed_is_suspended_until_its_owner_signs_in_again(act, write, now, issuer, days):
    """For half a year without a provider; with one for 30 days, since it tells nobody who left."""
    granted, later = frozenset({Role.VIEW}), now + timedelta(days=days)
    owner = write(accounts.upsert_sso_account, issuer, "s1", "Amara", granted, now)
    write(accounts.start_session, owner, now)
    token = act(rota_people.create_calendar, None, owner.id)
    feed = write(rota_people.find_calendar, token)

    assert not feed.is_suspended(later - timedelta(seconds=1), issuer)
    assert feed.is_suspended(later, issuer)
    write(accounts.start_session, owner, later)
    assert not write(rota_people.find_calendar, token).is_suspended(later, issuer)


def test_a_feed_is_suspended_while_its_owner_could_not_sign_in(act, read, account, now):
    act(rota_people.create_calendar, None, account)
    (feed,) = read(rota_people.unrevoked_calendars)

    assert feed.owner == "amara"
    assert not feed.is_suspended(now, LOCAL)
    assert feed.is_suspended(now, PROVIDER)


@pytest.fixture
def past(add, write, now, amara, ben):
    """Shifts of two people: long ago, and lately; somebody covered one; one of them has left."""
    for days in (900, 800, 10):
        for person in (amara, ben):
            add(shift(now, -24 * days, -24 * days + 1, person.id))
    add(cover(now, -24 * 900, -24 * 900 + 0.5, ben.id), kind="covered")
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

    shifts.sort(key=lambda shift: shift.id)
    assert [(names[shift.person_id], (shift.during.start - now).days) for shift in shifts] == [
        *(("Former worker 3", -900), ("Former worker 2", -900)),
        *(("Former worker 3", -800), ("Former worker 2", -800)),
        *(("Amara Owusu", -10), ("Former worker 2", -10)),
    ]
    assert len(covers) == 1
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


@pytest.fixture
def imported(act, add, write, now, ben):
    """Return the import with which Ben Hughes and somebody else came onto the rota."""
    other = act(rota_people.add, "Cai Rees", None)
    change = add(shift(now, worker=ben.id), shift(now, worker=other.id), kind="imported")
    write(rota_people.mark_added_by, [ben.id, other.id], change.id)
    return change


def left_at(read, name="Ben Hughes"):
    return [person.left_at for person in read(rota_people.all_people) if person.name == name]


def test_whoever_came_with_an_import_has_left_while_it_is_undone(imported, undo, read, now):
    undone = undo(imported, at=now + MINUTE)
    assert left_at(read) == [now + MINUTE]
    undo(undone)
    assert left_at(read) == [None]


def test_whoever_came_with_an_undone_import_stays_away_once_their_name_is_on_the_rota_again(
    imported, undo, act, read, now
):
    undone = undo(imported)
    act(rota_people.add, "Ben Hughes", None)
    undo(undone)

    assert left_at(read) == [now, None]


@pytest.mark.parametrize("what", ["work phone", "account", "cover", "another shift"])
def test_whoever_has_something_else_stays_while_their_import_is_undone(
    imported, undo, act, add, read, now, ben, account, what
):
    if what == "cover":
        add(cover(now, 2, 3, ben.id), kind="covered")
    elif what == "another shift":
        add(shift(now, 20, 30, ben.id))
    else:
        phone, own = ("07700 900123", None) if what == "work phone" else (None, account)
        act(rota_people.change, ben.id, "Ben Hughes", phone, own)
    undo(imported)

    assert left_at(read) == [None]
    assert left_at(read, "Cai Rees") == [now]


def test_whoever_came_with_an_undone_import_is_forgotten_too(imported, undo, read, purge, now):
    undo(imported)

    assert purge(now + 731 * DAY) == (2, 0)
    assert left_at(read) == []


def test_somebody_who_only_covered_long_ago_is_overdue_too(purge, add, now, amara, ben):
    long_ago = -24 * 900
    add(shift(now, long_ago, long_ago + 1, amara.id))
    purge(now)
    add(cover(now, long_ago, long_ago + 1, ben.id), kind="covered")

    assert purge(now) == (0, 1)

"""Large changes of the rota, and several at once: no divert waits for them, and nothing is lost."""

from datetime import UTC, date, datetime, timedelta

import pytest
import rostered
from divert_to import divert_to
from staff.conftest import edges, page_text, send_sheet

from routing import lookup, rota_service
from routing.core.instants import Span
from routing.errors import InvalidRotaChange, RotaConflict
from routing.rota.filling import DayKind, TurnRule
from routing.rota.roster import Shift
from routing.rota.spreadsheet import MAX_PEOPLE, MAX_ROWS
from routing.rota_service import Proposal
from routing.store import diverts, rota_people

NIGHT = "eds-social-worker"
HOUR = timedelta(hours=1)
HOURLY = dict.fromkeys(DayKind, tuple(range(0, 24 * 60, 60)))
TURNS = TurnRule()
NAMES = [f"Person {number}" for number in range(MAX_PEOPLE)]
FIRST = date(2026, 12, 24)
LAST = FIRST + timedelta(days=320)
"""Up to when hourly shifts are nearly as many as may be added at once."""


@pytest.fixture
def app(before_christmas):
    return before_christmas()


@pytest.fixture
def everybody(app):
    """Put as many people on the rota as a change may name."""
    with app.app_context(), lookup.database().writing() as connection:
        for name in NAMES:
            rota_people.add(connection, name, None, lookup.now(), "account:1")


def large_sheet():
    """Return a file with as many shifts, of as many people, as may be imported at once."""
    rows = []
    for number in range(MAX_ROWS):
        day, hour = divmod(number // MAX_PEOPLE, 24)
        when = f"2027-01-{1 + day:02} {hour:02}"
        rows.append(f"{NIGHT},{when}:00,{when}:30,{NAMES[number % MAX_PEOPLE]}")
    return (rostered.HEADER + "\n".join(rows)).encode()


@pytest.fixture
def set_divert(app):
    """Return what sets a divert; it raises DatabaseUnavailable if it must wait for two seconds."""

    def set_divert():
        at = datetime(2026, 12, 23, 15, 40, tzinfo=UTC)
        with app.app_context(), lookup.database().writing() as connection:
            new = divert_to("eds", Span(at, at + HOUR))
            diverts.create(connection, [new], "Phones down", at, "account:1", "form")

    return set_divert


def test_a_divert_is_set_while_the_largest_fill_is_worked_out(app, everybody, set_divert, stored):
    class EachSlotIsATurn:
        weekday = minute = None
        slots = 0

        @property
        def days(self):
            self.slots += 1
            if self.slots == 2:
                set_divert()

    with app.app_context():
        proposal, _ = fill(turns=EachSlotIsATurn())
        rota_service.save_change(proposal, "account:1")

    assert len(stored()) == 1
    assert len(proposal.changes) > 0.9 * MAX_ROWS


def test_a_divert_is_set_while_the_largest_file_is_read(app, set_divert, stored):
    class File(bytes):
        def decode(self, *args):
            set_divert()
            return super().decode(*args)

    with app.app_context():
        plan = rota_service.plan_import(File(large_sheet()), add_people=True)
        rota_service.save_change(plan, "account:1")

    assert len(stored()) == 1
    assert len(plan.difference.added) == MAX_ROWS


def fill(names=NAMES, times=HOURLY, last=LAST, limit=HOUR, turns=TURNS):
    return rota_service.propose_fill(NIGHT, FIRST, last, names, turns, times, limit)


def test_what_is_too_much_to_fill_at_once_is_refused_with_what_to_write(app, everybody):
    for too_much, words in (
        ({"names": [*NAMES, "One More"]}, "These are 201 names. Name 200 people or fewer."),
        ({"last": FIRST + timedelta(days=400)}, "The most at once is 5,000: use fewer days."),
        ({"limit": timedelta(0)}, "This takes too long to work out. Use fewer days"),
    ):
        with app.app_context(), pytest.raises(InvalidRotaChange) as refusal:
            fill(**too_much)
        assert words in str(refusal.value)


def test_a_file_with_too_many_shifts_or_people_is_refused_with_what_to_do(arranger):
    more = f"\n{NIGHT},2028-01-01 08:00,2028-01-01 09:00,"
    too_many_people = rostered.HEADER + "".join(f"{more}{name}" for name in [*NAMES, "Last"])
    for sheet, words in (
        (large_sheet() + f"{more}{NAMES[0]}".encode(), "The file has more than 5,000 shifts."),
        (too_many_people.encode(), "The file names 201 people. Split it into files of 200 people"),
    ):
        assert words in page_text(send_sheet(arranger, sheet, add_people="yes"))


def shift(worker, start):
    return Shift(NIGHT, worker, Span(start, start + HOUR))


def on_the_rota(at):
    shifts = rota_service.read_rota(at, at + 99 * HOUR).shifts
    return [(shift.person_id, shift.during.start) for shift in shifts]


def test_nobody_is_given_a_shift_who_left_while_it_was_worked_out(app):
    with app.app_context():
        at = lookup.now()
        current = rota_service.read_rota(at, at + HOUR)
        with lookup.database().writing() as connection:
            rota_people.leave(connection, 1, at, "account:1")
        with pytest.raises(RotaConflict):
            rota_service.save_change(Proposal("added", current, [shift(1, at)]), "account:2")

        assert on_the_rota(at) == []


def test_a_file_is_not_imported_if_somebody_left_while_it_was_read(app):
    class File(bytes):
        def decode(self, *args):
            with lookup.database().writing() as connection:
                rota_people.leave(connection, 1, lookup.now(), "account:1")
            return super().decode(*args)

    sheet = f"{rostered.HEADER}{NIGHT},2026-12-24 17:00,2026-12-25 08:30,Amara Owusu\n"
    with app.app_context():
        plan = rota_service.plan_import(File(sheet.encode()))
        with pytest.raises(RotaConflict):
            rota_service.save_change(plan, "account:2")


def test_a_shift_that_crosses_somebody_elses_is_shown_again_as_it_was_typed(app, arranger):
    values = {"role": NIGHT, "person": "1", **edges("24 12 2026 5pm", "24 12 2026 9pm")}
    path = "/staff/rota/shifts/new"
    page = arranger.send(arranger.get(path), path, **values)
    rostered.shifts(app, f"{NIGHT},2026-12-24 20:00,2026-12-24 21:00,Amara Owusu")
    refused = arranger.send(page, path)

    assert refused.status_code == 400
    assert "This person already has a shift in this role then." in page_text(refused)
    assert 'value="5pm"' in refused.text

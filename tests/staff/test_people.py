"""People on the rota, their own shifts, their calendars."""

import html
import re
from datetime import timedelta

import icalendar
import pytest
import rostered
import vobject
from staff.conftest import page_text

from routing import lookup
from routing.core.instants import Span
from routing.rota.roster import Cover
from routing.store import accounts, rota, rota_people

PEOPLE = "/staff/rota/people"


@pytest.fixture
def app(before_christmas):
    return before_christmas(PUBLIC_BASE_URL="https://who.anyshire.example")


@pytest.fixture
def mine(app, signed_in):
    """Return a browser of somebody on the rota: of Siân O’Brien, who only looks."""
    browser = signed_in("view")
    with app.app_context(), lookup.database().writing() as connection:
        account = accounts.find_local(connection, "view")
        people = {person.name: person.id for person in rota_people.all_people(connection)}
        person_id, at = people["Siân O’Brien"], lookup.now()
        rota_people.change(connection, person_id, "Siân O’Brien", None, account.id, at, "account:1")
    return browser


def test_somebody_new_is_on_the_list_with_a_work_phone(arranger):
    done = arranger.send(arranger.get(PEOPLE), PEOPLE, name="Ann Other", phone="01632 960555")

    assert "They can be on the rota now." in page_text(done)
    assert "Ann Other 01632 960555" in page_text(done)


def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(arranger):
    for values, message in (
        ({"name": ""}, "Write the name alone"),
        ({"name": "amara owusu"}, "amara owusu is on the rota already"),
        ({"name": "Nobody"}, "‘Nobody’ stands for nobody"),
        ({"name": "Ann", "phone": "12"}, "Write it in full, as 01632 960001."),
        ({"name": "Ann", "phone": "ring me"}, "Write it in full, as 01632 960001."),
    ):
        page = arranger.send(arranger.get(PEOPLE), PEOPLE, **values)
        assert (page.status_code, message in page_text(page)) == (400, True), values
        assert f'value="{values["name"]}"' in page.text or not values["name"]


def test_a_name_phone_and_account_can_be_changed(app, arranger, signed_in):
    signed_in("view")
    page = arranger.get(f"{PEOPLE}/1")
    account = re.search(r'value="(\d+)">view', page.text)[1]
    done = arranger.send(page, f"{PEOPLE}/1", name="Amara Asante", phone="", account=account)

    assert "Amara Asante No work phone Signs in as view" in page_text(done)
    again = arranger.send(arranger.get(f"{PEOPLE}/2"), f"{PEOPLE}/2", name="X", account=account)
    assert "Somebody else on the rota has this account." in page_text(again)


def test_whoever_leaves_leaves_gaps_that_can_be_seen_and_is_given_no_shift_back(app, arranger):
    rostered.christmas(app)
    leave, remove = f"{PEOPLE}/2/leave", "/staff/rota/shifts/2/remove"
    page = arranger.get(leave)
    assert "1 stretch of duty to come is theirs" in page_text(page)
    done = arranger.send(page, leave)
    assert "They are off the rota." in page_text(done)
    assert "Siân" not in page_text(done)

    arranger.send(arranger.get(remove), remove)
    back = arranger.send(arranger.get("/staff/rota"), "/staff/rota/undo/2")
    assert "Put back on the rota" in page_text(back)
    gaps = page_text(arranger.get("/staff/rota/gaps"))
    assert "nobody from 8:30am on Friday 25 December until 8:30am on Saturday 26" in gaps
    assert "Siân O’Brien has left" in page_text(arranger.get("/staff/rota?from=2026-12-24"))
    shift = page_text(arranger.get("/staff/rota/shifts/2"))
    assert "Nobody (Siân O’Brien has left)" in shift
    assert "Siân O’Brien is away" not in shift


def test_my_shifts_are_those_that_i_work_after_covers(app, mine):
    rostered.christmas(app)
    text = page_text(mine.get("/staff/rota/mine"))

    assert "From 8:30am on Friday 25 December until 8:30am on Saturday 26 December" in text
    assert text.count("Out-of-hours social worker From") + text.count("From 8:30am") == 1


def test_an_account_without_a_person_on_the_rota_is_told_whom_to_ask(signed_in):
    text = page_text(signed_in("divert").get("/staff/rota/mine"))

    assert "Nobody on the rota is known to sign in with your account." in text


def feed(browser, of="mine"):
    """Make a feed and return its path."""
    page = browser.send(browser.get("/staff/rota/mine"), "/staff/rota/feeds", of=of)
    address = re.search(r"https://who\.anyshire\.example(/calendars/[\w-]{43}\.ics)", page.text)
    assert f"webcal://who.anyshire.example{address[1]}" in page.text
    return address[1]


def events(app, path):
    answer = app.test_client().get(path)
    assert answer.status_code == 200
    return icalendar.Calendar.from_ical(answer.data).walk("VEVENT"), answer


def test_my_calendar_has_my_shifts_and_no_names(app, mine):
    rostered.christmas(app)
    with app.app_context(), lookup.database().writing() as connection:
        during = rota.get(connection, 2).during
        evening = Span(during.end - timedelta(hours=4), during.end)
        rota.add(connection, "covered", [Cover(2, 1, evening)], lookup.now(), "account:1")
    (event,), answer = events(app, feed(mine))

    assert str(event["SUMMARY"]) == "Out-of-hours social worker"
    assert event.decoded("DTSTART").isoformat() == "2026-12-25T08:30:00+00:00"
    assert event.decoded("DTEND").isoformat() == "2026-12-26T04:30:00+00:00"
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert not any(name in answer.text for name in rostered.PEOPLE if name != "Siân O’Brien")
    assert "07700" not in answer.text


def test_another_library_reads_every_calendar_and_nobody_is_busy_in_it(app, mine):
    for of, count in (("whole", 0), ("whole", 4), ("mine", 1)):
        shifts, answer = events(app, feed(mine, of))
        read = vobject.readOne(answer.text)

        assert read.validate(raiseException=True), of
        uids = [event.uid.value for event in read.contents.get("vevent", [])]
        assert uids == [str(event["UID"]) for event in shifts]
        assert len(uids) == count, of
        if not count:
            rostered.christmas(app)
        assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
        assert b"\n" not in answer.data.replace(b"\r\n", b"")
        assert b"VALUE=DURATION:PT1H" in answer.data
        for event in shifts:
            assert event["TRANSP"] == "TRANSPARENT"
            assert event["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"
            assert "VALARM" not in {part.name for part in event.walk()}


def test_a_calendar_of_a_rota_has_names_and_a_covered_shift_keeps_its_event(app, mine):
    rostered.christmas(app)
    path = feed(mine, "whole")
    before, first = events(app, path)
    same = app.test_client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304

    with app.app_context(), lookup.database().writing() as connection:
        new = Cover(2, 1, rota.get(connection, 2).during)
        rota.add(connection, "covered", [new], lookup.now(), "account:1")
    after, second = events(app, path)

    assert second.headers["ETag"] != first.headers["ETag"]
    assert [event["UID"] for event in after] == [event["UID"] for event in before]
    assert [int(event["SEQUENCE"]) for event in after] == [0, 1, 0, 0]
    names = [*rostered.PEOPLE[:1] * 2, *rostered.PEOPLE[2:]]
    summaries = [f"Out-of-hours social worker: {name}" for name in names]
    assert [str(event["SUMMARY"]) for event in after] == summaries


def test_a_calendar_reaches_from_two_weeks_ago_to_half_a_year_ahead(app, mine, clock):
    rostered.christmas(app)
    path = feed(mine)
    for at, shown in (
        ("2027-01-08T12:00:00Z", 1),
        ("2027-01-10T12:00:00Z", 0),
        ("2026-06-24T12:00:00Z", 0),
        ("2026-06-25T12:00:00Z", 1),
    ):
        clock.set(at)
        assert len(events(app, path)[0]) == shown, at


def test_any_other_address_is_no_calendar(app):
    for token in ("x", "x" * 43, "../staff", "%00", "x" * 5000):
        assert app.test_client().get(f"/calendars/{token}.ics").status_code == 404, token


def test_nobody_but_its_maker_and_who_arranges_the_rota_may_revoke_a_calendar(
    app, mine, signed_in, arranger
):
    path, own = feed(mine), feed(mine, "whole")
    mine.send(mine.get("/staff/rota/mine"), "/staff/rota/feeds/2/revoke")
    assert app.test_client().get(own).status_code == 404
    other = signed_in("divert")
    token = re.search(r'csrf_token" value="([^"]+)', other.get("/staff/rota/mine").text)[1]
    assert "Revoke" not in page_text(other.get("/staff/rota/mine"))
    refused = other.client.post("/staff/rota/feeds/1/revoke", data={"csrf_token": token})
    assert refused.status_code == 404
    assert app.test_client().get(path).status_code == 200

    done = arranger.send(arranger.get("/staff/rota/mine"), "/staff/rota/feeds/1/revoke")
    assert "does not work any more" in page_text(done)
    assert app.test_client().get(path).status_code == 404


def test_a_calendar_of_nothing_is_refused(signed_in):
    browser = signed_in("divert")
    for of in ("", "mine", "nothing"):
        answer = browser.send(browser.get("/staff/rota/mine"), "/staff/rota/feeds", of=of)
        assert answer.status_code == 400, of


def test_the_address_is_shown_once_and_kept_nowhere(app, mine, tmp_path):
    token = feed(mine).rpartition("/")[2].removesuffix(".ics")

    assert token not in html.unescape(mine.get("/staff/rota/mine").text)
    assert token not in html.unescape(mine.get("/staff/changes").text)
    for file in (tmp_path / "instance").iterdir():
        assert token.encode() not in file.read_bytes()


def test_while_the_database_is_down_a_calendar_keeps_what_it_has(app, mine, tmp_path):
    path = feed(mine)
    file = tmp_path / "instance" / "routing.sqlite"
    app.extensions["database"].engine.dispose()
    file.rename(file.with_suffix(".away"))
    answer = app.test_client().get(path)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) == 600
    file.with_suffix(".away").rename(file)

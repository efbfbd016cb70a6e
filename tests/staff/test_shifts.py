"""Shifts and covers changed by forms: read back, warned about, saved, undone."""

import html
import re
from urllib.parse import parse_qsl

import pytest
import rostered
from staff.conftest import edges, page_text

NIGHT = "Out-of-hours social worker"
NEW = "/staff/rota/shifts/new"


CHRISTMAS = edges("24 12 2026 5pm", "25 12 2026 8:30am")


@pytest.fixture
def app(before_christmas):
    return before_christmas()


@pytest.fixture
def send(arranger):
    """Send the form of a page; with ``then`` confirm what is read back."""

    def send(path, then=True, **values):
        page = arranger.send(arranger.get(path), path, **values)
        return arranger.send(page, path) if then else page

    return send


def add(send, worker=1, role="eds-social-worker", then=True, **more):
    return send(NEW, then, role=role, person=str(worker), **{**CHRISTMAS, **more})


def test_a_shift_is_read_back_and_once_confirmed_on_the_rota_and_in_the_audit_log(
    send, on, arranger
):
    page = add(send, then=False)
    assert (
        "Amara Owusu: Out-of-hours social worker, from 5pm on Thursday 24 December until 8:30am on "
        "Friday 25 December (15 hours 30 minutes)." in page_text(page)
    )
    assert on() == []

    assert "Shift added." in page_text(arranger.send(page, NEW))
    moments = ("24T16:59:59", "24T17:00:00", "25T08:29:59", "25T08:30:00")
    duty = [on(f"2026-12-{moment}Z") for moment in moments]
    assert duty == [[], ["Amara Owusu"], ["Amara Owusu"], []]
    changes = page_text(arranger.get("/staff/changes"))
    assert "Role Out-of-hours social worker Person Amara Owusu From" in changes


WRONG_FIELDS = [
    ({"person": ""}, "Choose a person."),
    ({"person": "nobody"}, "Choose a person."),
    ({"role": ""}, "Choose a role."),
    ({"starts-time": ""}, "Write the time, as 5pm, 5:30pm or 17:30."),
    ({"starts-time": "late"}, "'late' is not a time"),
    ({"starts-day": "31", "starts-month": "2"}, "is not a date"),
    ({"ends-day": "24", "ends-time": "5pm"}, "The end must be after the start."),
]


def test_what_cannot_be_meant_is_refused_and_nothing_typed_is_lost(send):
    for fields, message in WRONG_FIELDS:
        values = {"role": "eds-social-worker", "person": "1", **CHRISTMAS, **fields}
        page = send(NEW, then=False, **values)

        assert page.status_code == 400, fields
        assert page_text(page).count(message) == 2, fields
        assert "<title>Error: " in page.text
        typed = {value for name, value in values.items() if "-" in name and value}
        assert all(f'value="{value}"' in page.text for value in typed), fields


def test_an_hour_that_comes_twice_is_told_apart(send, on, clock, arranger):
    clock.set("2026-10-20T12:00:00Z")
    twice = edges("24 10 2026 5pm", "25 10 2026 1:30am")
    refused = add(send, then=False, **twice)
    assert "Write BST or GMT behind the time." in page_text(refused)

    add(send, 1, **{**twice, "ends-time": "1:30am BST"})
    add(send, 2, **edges("25 10 2026 1:30am BST", "25 10 2026 8:30am"))

    for start, shown in (("00:15", "01:15 BST"), ("01:15", "01:15 GMT")):
        form = arranger.get(f"{NEW}?starts=2026-10-25T{start}:00%2B00:00")
        assert f'value="{shown}"' in form.text
    assert on("2026-10-25T00:29:59Z") == ["Amara Owusu"]
    assert on("2026-10-25T00:30:00Z") == ["Siân O’Brien"]


def first_link(page, beginning):
    """Return the first address of a page's links that begins so."""
    links = re.findall(r'href="([^"]+)"', html.unescape(page.text))
    return next(link for link in links if link.startswith(beginning))


def test_filling_a_gap_has_its_times_filled_in_to_the_instant(arranger, send):
    assert "Fill this gap" in page_text(arranger.get("/staff/rota/gaps"))
    add(send)
    form = arranger.get(first_link(arranger.get("/staff/rota/gaps"), f"{NEW}?role=eds"))

    for value in ('value="23"', 'value="17:00"', 'value="eds-social-worker" checked'):
        assert value in form.text


def test_a_gap_longer_than_a_day_is_filled_with_several_shifts(app, arranger, send):
    rostered.christmas(app)
    send("/staff/rota/shifts/2/remove", then=False)
    send("/staff/rota/shifts/3/remove", then=False)
    link = first_link(arranger.get("/staff/rota/gaps"), "/staff/rota/fill?role=eds")
    page = arranger.get(link)
    held = dict(re.findall(r'name="((?:fir|la)st-day)"[^>]* value="(\d+)"', page.text))
    assert held == {"first-day": "25", "last-day": "26"}

    filled = dict(parse_qsl(link.partition("?")[2]))
    planned = arranger.send(page, "/staff/rota/fill", people="Amara Owusu\nDev Patel", **filled)
    assert "Out-of-hours social worker: 4 shifts" in page_text(planned)


def test_a_crooked_link_shows_an_empty_form(arranger):
    for starts in ("x", "2026-12-24T17:00:00", "1999-01-01T00:00:00Z"):
        page = arranger.get(f"{NEW}?role=eds-social-worker&starts={starts}")
        assert page.status_code == 200, starts
    crooked = "/staff/rota/fill?role=eds-social-worker&first=1-2-3-4-5&last=x"
    assert arranger.get(crooked).status_code == 200


def test_a_shift_that_nobody_needs_or_leaves_no_rest_or_is_past_is_warned_about(send):
    add(send)
    day = edges("25 12 2026 8:30am", "25 12 2026 5pm")
    page = add(send, role="mash-social-worker", then=False, **day)

    assert "1 shift is when nobody is needed by the directory: the first from" in page_text(page)
    assert "Amara Owusu has no time to rest" in page_text(page)
    past = edges("1 12 2026 5pm", "2 12 2026 8:30am")
    page = page_text(add(send, then=False, **past))
    assert "1 shift is in the past" in page
    assert "the first from 5pm on Tuesday 1 December until 8:30am on Wednesday 2" in page
    assert "Tuesday 1 December 2026 to" in page_text(add(send, **past))


def test_somebody_sick_is_covered_by_nobody_yet_and_that_is_a_gap_with_its_note(arranger, send, on):
    add(send)
    path = "/staff/rota/shifts/1/cover"
    evening = edges("24 12 2026 8pm", "24 12 2026 11pm")
    page = send(path, person="nobody", note="Called in at 3pm", **evening)

    assert "Cover set." in page_text(page)
    assert on("2026-12-24T19:59:59Z") == ["Amara Owusu"]
    assert on() == []
    assert on("2026-12-24T23:00:00Z") == ["Amara Owusu"]
    assert "8pm to 11pm Nobody : fill this gap Amara Owusu is off: Called" in page_text(page)
    assert "Called in" not in page_text(arranger.get("/staff/changes"))
    assert f"{NIGHT}: nobody from 8pm tomorrow until 11pm tomorrow" in page_text(page)


def test_the_newest_cover_wins_and_removing_it_uncovers_the_one_below(arranger, send, on):
    add(send)
    path, whole = "/staff/rota/shifts/1/cover", edges("24 12 2026 5pm", "25 12 2026 8:30am")
    send(path, person="2", **whole)
    send(path, person="3", **edges("24 12 2026 8pm", "24 12 2026 9pm"))
    assert on("2026-12-24T20:30:00Z") == ["Llŷr ap Rhys"]
    page = arranger.get("/staff/rota/shifts/1")
    assert "Llŷr ap Rhys (for Amara Owusu)" in page_text(page)

    gone = "/staff/rota/shifts/1/remove"
    confirmation = arranger.get(f"{gone}?cover=2")
    assert "Llŷr ap Rhys in place of Amara Owusu" in page_text(confirmation)
    assert "Cover removed." in page_text(arranger.send(confirmation, gone))
    assert on("2026-12-24T20:30:00Z") == ["Siân O’Brien"]


def test_two_people_swap_in_one_step_and_take_it_back_in_one(arranger, send, on):
    add(send)
    add(send, 2, **edges("25 12 2026 5pm", "26 12 2026 8:30am"))
    for other in ("", "x", "1"):
        page = send("/staff/rota/shifts/1/swap", then=False, other=other)
        assert (page.status_code, "There is a problem" in page_text(page)) == (400, True), other
    page = send("/staff/rota/shifts/1/swap", other="2")

    assert "Shifts swapped." in page_text(page)
    nights = "2026-12-24T20:00:00Z", "2026-12-25T20:00:00Z"
    assert [on(night) for night in nights] == [["Siân O’Brien"], ["Amara Owusu"]]
    assert "5pm to 8:30am Siân O’Brien (cover) for Amara Owusu: Swapped" in page_text(page)
    assert "Change of the rota undone." in page_text(arranger.send(page, "/staff/rota/undo/3"))
    assert [on(night) for night in nights] == [["Amara Owusu"], ["Siân O’Brien"]]


def night(day):
    return edges(f"{day} 12 2026 5pm", f"{day + 1} 12 2026 8:30am")


def test_a_swap_offers_what_can_be_swapped_nearest_first_by_the_name_of_whoever_has_it(
    arranger, send
):
    for worker, day in ((1, 24), (2, 29), (4, 26), (2, 25), (4, 27)):
        add(send, worker, **night(day))
    send("/staff/rota/shifts/4/cover", person="3", **night(25))
    send("/staff/rota/shifts/5/cover", person="nobody", **night(27))

    text = page_text(arranger.get("/staff/rota/shifts/1/swap"))
    offers = [
        "Llŷr ap Rhys, from 5pm on Friday 25",
        "Dev Patel, from",
        "Siân O’Brien, from 5pm on T",
    ]
    places = [text.index(offer) for offer in offers]
    assert places == sorted(places)
    assert text.count("Siân O’Brien, from") == text.count("Dev Patel, from") == 1
    alone = page_text(arranger.get("/staff/rota/shifts/1/swap?person=4"))
    assert "Dev Patel, from 5pm on Saturday" in alone
    assert "Siân O’Brien, from" not in alone
    assert "Llŷr ap Rhys: Out-of" in page_text(arranger.get("/staff/rota/shifts/4/swap"))


def test_a_shift_can_be_removed_and_brought_back(arranger, send, on):
    add(send)
    path = "/staff/rota/shifts/1/remove"
    page = send(path, then=False)
    assert "Shift removed." in page_text(page)
    assert on() == []

    undone = arranger.send(page, "/staff/rota/undo/2")
    assert on() == ["Amara Owusu"]
    assert "/staff/rota/undo/3" not in undone.text  # which would be refused


def test_a_link_confirms_nothing(arranger, send, on):
    add(send)
    path = "/staff/rota/shifts/1/remove"
    shown = re.search(r'name="shown" value="(\w+)"', arranger.get(path).text)[1]

    assert "Remove this shift" in page_text(arranger.get(f"{path}?shown={shown}&once=x"))
    assert on() == ["Amara Owusu"]


def test_what_is_not_on_the_rota_is_said_so(arranger):
    for path in ("shifts/99", "shifts/99/cover", "shifts/99/swap", "shifts/99/remove", "people/99"):
        answer = arranger.get(f"/staff/rota/{path}")
        assert answer.status_code == 404, path
        assert "This is not on the rota" in page_text(answer), path


def test_a_shift_that_is_over_offers_nothing_to_change(app, signed_in, send, clock):
    add(send)
    clock.set("2026-12-25T08:30:00Z")
    page = signed_in("admin").get("/staff/rota/shifts/1")

    assert "It is over." in page_text(page)
    assert "/cover" not in page.text
    assert "/remove" not in page.text


AWAY = "/staff/rota/away"


def test_an_absence_is_read_back_covered_in_one_step_and_undone_as_one(app, arranger, send, on):
    rostered.shifts(
        app,
        "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Amara Owusu",
        "eds-social-worker,2026-12-25 08:30,2026-12-26 08:30,Amara Owusu",
    )
    away = edges("24 12 2026 8pm", "26 12 2026 8:30am")
    page = send(AWAY, then=False, person="1", substitute="4", **away)
    text = page_text(page)
    assert "In place of Amara Owusu:" in text
    assert "Dev Patel: Out-of-hours social worker, from 8pm on Thursday 24 December until" in text
    assert on("2026-12-25T12:00:00Z") == ["Amara Owusu"]

    done = arranger.send(page, AWAY)
    assert "Absence: 2 shifts covered." in page_text(done)
    assert on("2026-12-24T19:59:59Z") == ["Amara Owusu"]
    assert on() == on("2026-12-26T08:29:59Z") == ["Dev Patel"]
    arranger.send(done, "/staff/rota/undo/2")
    assert on("2026-12-25T12:00:00Z") == ["Amara Owusu"]


def test_an_absence_that_cannot_be_meant_is_shown_again(app, send):
    rostered.shifts(app, "eds-social-worker,2026-12-24 15:30,2026-12-25 08:30,Amara Owusu")
    for fields, message in (
        ({"substitute": ""}, "Choose a person."),
        ({"person": "2"}, "has no duty in that time"),
    ):
        page = send(AWAY, then=False, **{"person": "1", "substitute": "4", **CHRISTMAS, **fields})
        assert (page.status_code, message in page_text(page)) == (400, True), fields

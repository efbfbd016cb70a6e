"""The proclaimed holiday: GOV.UK adds a date, and every door changes with no restart."""

import time

import govuk_feed
import pytest
from conftest import ROOT

from routing import snapshot

SERVICE = "/api/v1/services/children"
EDS, CAAS = "+441632960199", "+441632960111"


@pytest.fixture
def feed():
    with govuk_feed.serving() as feed:
        yield feed


@pytest.fixture
def app(make_app, feed, monkeypatch):
    monkeypatch.setattr(snapshot, "POLL_INTERVAL_SECONDS", 0.05)
    app = make_app(ROOT / "examples" / "west-berkshire.yaml", BANK_HOLIDAYS_URL=feed.url)
    assert refreshed(app).startswith(feed.url)
    return app


def refreshed(app):
    output = app.test_cli_runner().invoke(args=["bank-holidays", "refresh"]).output
    time.sleep(0.12)
    app.extensions["snapshot_loader"].current()
    return output


def doors(app, clock, day):
    """Return what each door says of 10am on a day: page, JSON, number and timeline."""
    client, now = app.test_client(), clock.at.isoformat()
    at = f"{day}T10:00:00Z"
    decision = client.get(f"{SERVICE}/decision?at={at}").json
    timeline = client.get(f"{SERVICE}/timeline?from={day}T09:59:00Z&to={day}T10:00:00Z").json
    number = client.get(f"{SERVICE}/number?at={at}").text.strip()
    clock.set(at)
    page = client.get("/").text
    clock.set(now)
    return {
        decision["line"]["phone"]["e164"],
        timeline["spans"][0]["line"]["phone"]["e164"],
        number,
        EDS if "call the Emergency Duty Service (EDS) now" in page else CAAS,
    }, decision["reason"]


def test_a_holiday_proclaimed_nine_days_ahead_changes_every_door(app, clock, feed):
    day = govuk_feed.in_days(clock.at.isoformat(), 9)
    assert doors(app, clock, day)[0] == {CAAS}

    feed.send(govuk_feed.added(govuk_feed.events(), day, "Day of national mourning"))
    output = refreshed(app)
    numbers, reason = doors(app, clock, day)

    assert "new: Wednesday 2 December 2026, Day of national mourning" in output
    assert numbers == {EDS}
    assert reason["code"] == "bank_holiday"
    assert "because it is Day of national mourning, a bank holiday" in reason["text"]


def test_a_holiday_that_is_moved_changes_both_dates_at_every_door(app, clock, feed):
    assert (doors(app, clock, "2027-05-31")[0], doors(app, clock, "2027-06-04")[0]) == (
        {EDS},
        {CAAS},
    )

    moved = govuk_feed.without(govuk_feed.events(), "2027-05-31")
    feed.send(govuk_feed.added(moved, "2027-06-04", "Spring bank holiday"))
    refreshed(app)

    assert (doors(app, clock, "2027-05-31")[0], doors(app, clock, "2027-06-04")[0]) == (
        {CAAS},
        {EDS},
    )


def test_a_feed_that_fails_leaves_every_door_as_it_was(app, clock, feed):
    feed.status = 500
    refreshed(app)

    assert doors(app, clock, "2027-05-31")[0] == {EDS}
    assert app.test_client().get("/readyz").text == "ready\n"

"""An answer about now goes out again within its second, and is what Flask would say."""

import shutil
from datetime import timedelta

import pytest
from conftest import ANYSHIRE, divert_now
from flask import request_started

from routing import enquiry

NOW = "/api/v1/services/children/decision"


@pytest.fixture
def app(make_app, made, tmp_path):
    (tmp_path / "instance").mkdir()
    shutil.copy(made, tmp_path / "instance" / made.name)
    app = make_app(ANYSHIRE)
    with app.app_context():
        enquiry.read_diverts(max_age=0, patience=10)
    return app


@pytest.fixture
def asked(app):
    """Collect the paths that Flask is asked for."""
    found = []

    def note(sender, **more):
        from flask import request

        found.append(request.full_path)

    with request_started.connected_to(note, app):
        yield found


def test_within_a_second_flask_is_asked_once_and_each_answer_says_its_own_time(app, clock, asked):
    client, told = app.test_client(), []
    for part in ("12:00:00", "12:00:00.5", "12:00:00.999999"):
        clock.set(f"2026-11-23T{part}Z")
        told.append(client.get(NOW))

    assert len(asked) == 1
    assert [each.json["at"] for each in told] == [
        "2026-11-23T12:00:00+00:00",
        "2026-11-23T12:00:00.500000+00:00",
        "2026-11-23T12:00:00.999999+00:00",
    ]
    assert [int(each.headers["Content-Length"]) for each in told] == [len(x.data) for x in told]


def test_what_goes_out_again_has_every_header_and_every_word_of_what_flask_said(app, clock):
    client = app.test_client()
    first, again = client.get(NOW), client.get(NOW)

    assert again.data == first.data
    assert sorted(again.headers) == sorted(first.headers)
    assert len(first.headers) > 10


@pytest.mark.parametrize("second", [58, 59])
def test_no_answer_may_be_kept_past_the_handover_however_late_in_its_second(app, clock, second):
    client = app.test_client()
    for part in ("", ".000001", ".999999"):
        clock.set(f"2026-11-23T16:59:{second}{part}Z")
        age = client.get(NOW).headers["Cache-Control"].partition("max-age=")[2].split(",")[0]

        assert clock.at + timedelta(seconds=int(age)) <= clock.at.replace(
            hour=17, minute=0, second=0, microsecond=0
        )


def test_at_the_handover_it_is_another_answer(app, clock, asked):
    client = app.test_client()
    clock.set("2026-11-23T16:59:59.999999Z")
    assert client.get(NOW).json["line"]["id"] == "mash"
    clock.set("2026-11-23T17:00:00Z")
    assert client.get(NOW).json["line"]["id"] == "eds"

    assert len(asked) == 2


def test_a_divert_that_is_set_is_in_the_next_answer_of_the_same_second(app, clock):
    client = app.test_client()
    before = client.get(NOW).json["line"]["id"]
    divert_now(app)

    assert (before, client.get(NOW).json["line"]["id"]) == ("mash", "eds")


@pytest.mark.parametrize(
    ("path", "headers"),
    [(f"{NOW}?at=2026-12-25T09:00:00Z", {}), (f"{NOW}?lang=cy", {}), (NOW, {"If-None-Match": "x"})],
)
def test_whoever_asks_for_more_is_answered_by_flask(app, clock, asked, path, headers):
    client = app.test_client()
    client.get(NOW)
    for _ in range(2):
        assert client.get(path, headers=headers).status_code == 200

    assert len(asked) == 3


def test_what_is_not_about_now_is_never_sent_again(app, clock, asked):
    client = app.test_client()
    for path in (
        "/",
        f"{NOW[:-8]}number",
        "/api/v1/services",
        "/healthz",
        "/api/v1/services/x/decision",
    ):
        before = len(asked)
        for _ in range(2):
            client.get(path)
        assert len(asked) == before + 2, path


def test_a_fault_in_front_costs_nobody_the_answer(app, clock, monkeypatch):
    client = app.test_client()
    client.get(NOW)
    sources = app.extensions["sources"]

    def current(otherwise=None):
        monkeypatch.undo()
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(sources, "current", current)

    assert client.get(NOW).json["line"]["id"] == "mash"


def test_only_so_many_answers_are_held(app, clock, monkeypatch):
    monkeypatch.setattr("routing.front.MOST", 1)
    client, front = app.test_client(), app.wsgi_app
    for service in ("children", "professionals", "children"):
        assert client.get(f"/api/v1/services/{service}/decision").status_code == 200

    assert len(front._kept) == 1

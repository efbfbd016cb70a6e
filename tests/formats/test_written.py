"""A page about now is written once a second, and always says its own time, answer and language."""

import re
import shutil

import pytest
from conftest import ANYSHIRE, divert_now
from flask import template_rendered

from routing.formats import written


@pytest.fixture
def app(make_app, made, tmp_path):
    app = make_app(ANYSHIRE)
    (tmp_path / "instance").mkdir()
    shutil.copy(made, tmp_path / "instance" / made.name)
    return app


@pytest.fixture
def rendered(app):
    """Collect the names of the templates that are rendered."""
    found = []

    def note(sender, template, **more):
        found.append(template.name)

    with template_rendered.connected_to(note, app):
        yield found


def at_of(page):
    return re.search(r'data-at="([^"]+)"', page.text)[1]


def test_within_a_second_a_page_is_written_once_and_says_its_own_time(app, clock, rendered):
    client, told = app.test_client(), []
    for part in ("12:00:00.000001", "12:00:00.5", "12:00:00.999999"):
        clock.set(f"2026-11-23T{part}Z")
        told.append(at_of(client.get("/")))

    assert rendered == ["site/service.html"]
    assert told == [
        "2026-11-23T12:00:00.000001+00:00",
        "2026-11-23T12:00:00.500000+00:00",
        "2026-11-23T12:00:00.999999+00:00",
    ]


def test_a_second_later_it_is_written_anew_and_so_it_changes_at_the_handover(app, clock, rendered):
    client = app.test_client()
    clock.set("2026-11-23T16:59:59.999999Z")
    assert 'data-line="+441632960100 Multi' in client.get("/services/children/now").text
    clock.set("2026-11-23T17:00:00Z")
    assert 'data-line="+441632960100 Emergency' in client.get("/services/children/now").text

    assert len(rendered) == 2


def test_every_page_service_and_way_in_is_written_by_itself(app, rendered):
    client = app.test_client()
    paths = ["/", "/services/children", "/services/children/professionals"]
    paths += ["/services/children/now", "/services/professionals", "/cy/"]
    pages = [client.get(path).text for path in paths] + [client.get(path).text for path in paths]

    assert pages[: len(paths)] == pages[len(paths) :]
    assert len(set(pages)) >= 5
    assert len([x for x in rendered if x in ("site/service.html", "site/now.html")]) <= 5


def test_a_divert_that_is_set_has_the_page_written_anew_within_the_same_second(app, clock):
    client = app.test_client()
    before = client.get("/services/children/now").text
    divert_now(app)
    after = client.get("/services/children/now").text

    assert 'data-line="+441632960100 Multi' in before
    assert 'data-line="+441632960100 Emergency' in after


def test_only_so_many_pages_are_held(monkeypatch, app, rendered):
    monkeypatch.setattr(written, "MOST", 2)
    client = app.test_client()
    for path in ("/", "/services/children", "/services/professionals", "/services/professionals"):
        assert client.get(path).status_code == 200

    assert len(app.extensions["written"]._kept) <= 2

"""HTML in every text that anybody may write: shown as it was written, run on no page."""

import json
from html.parser import HTMLParser

import pytest
import rostered
import yaml
from conftest import ANYSHIRE
from divert_to import divert_to
from jinja2 import DictLoader
from staff.conftest import sign_in
from test_broken import placed, places

from routing import lookup, rota_service
from routing.directory.load import parse
from routing.errors import InvalidDirectory
from routing.public.pages import error_page
from routing.rota.roster import Cover
from routing.store import accounts, rota, rota_people
from routing.store.accounts import Role
from routing.store.diverts import create

PLANT = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>"
    "</textarea></title>{{7*7}} [x](javascript:alert(1)) ![y](data:text/html,alert(1)) "
    "<javascript:alert(1)> [z](JaVaScRiPt:alert(1)) [w](vbscript:alert(1))"
)
PLACES = ["/", "/services/children", "/services/children/professionals", "/services/children/now"]
PLACES += ["/services/children/fragment", "/contacts", "/contacts?q=alert", "/embed", "/privacy"]
PLACES += ["/accessibility", "/nope", "/cy/", "/cy/contacts"]
INSIDE = ["", "/diverts", "/diverts/new", "/preview", "/changes", "/calls", "/rota", "/rota/print"]
INSIDE += [f"/rota/{page}" for page in ("gaps", "fill", "people", "mine", "bank-holidays")]
INSIDE += ["/rota/shifts/1", "/rota/shifts/1/cover", "/rota/shifts/new", "/diverts/1", "/nope"]

HARMLESS = ("/", "http", "tel:", "mailto:", "webcal:", "#", "?", "data:,", "data:image/png")


class Page(HTMLParser):
    """A page as a browser reads it: everything on it that would run, or fetch, on its own."""

    def __init__(self, text):
        super().__init__()
        self.wrong, self.inside, self.data = [], "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.wrong += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        for name in ("href", "src", "action", "formaction"):
            address = (attributes.get(name) or "/").lower()
            if not address.startswith(HARMLESS):
                self.wrong.append(f"{tag} {name}={address}")
        if tag == "script" and not (
            attributes.get("src") or attributes.get("type") == "application/ld+json"
        ):
            self.wrong.append("a script of the page's own")
        self.inside = attributes.get("type") if tag == "script" else tag

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        self.data[self.inside] = self.data.get(self.inside, "") + data
        if self.inside == "application/ld+json":
            json.loads(data)


def planted():
    """Return the example with PLANT in every value that may be any text, and how many there are."""
    text = ANYSHIRE.read_text("utf-8").replace("languages: [en]", "languages: [en, cy]")
    tree, count = yaml.load(text, yaml.BaseLoader), 0
    for path, value in list(places(tree, ())):
        if isinstance(value, str):
            other = placed(tree, path, PLANT)
            try:
                parse(yaml.safe_dump(other, sort_keys=False), ANYSHIRE)
            except InvalidDirectory:
                continue
            tree, count = other, count + 1
    return yaml.safe_dump(tree, sort_keys=False), count


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    file = tmp_path_factory.mktemp("planted") / "directory.yaml"
    text, count = planted()
    file.write_text(text)
    assert count > 30
    return file


@pytest.fixture
def app(make_open, directory):
    return make_open(directory)


def held(path, text, shown=True):
    page = Page(text)
    assert page.wrong == [], path
    assert not shown or "alert(1)" in "".join(page.data.values()), path


def test_no_public_page_runs_what_the_directory_says(app):
    for path in PLACES:
        answer = app.test_client().get(path)
        held(path, answer.text, shown="privacy" not in path and "accessib" not in path)


def test_no_page_that_stands_in_for_another_does(app):
    app.test_client().get("/")
    with app.test_request_context("/"):
        for status in (404, 400, 500):
            held("instead", error_page(status).get_data(as_text=True))
        app.jinja_env.cache.clear()
        app.jinja_env.loader = DictLoader({})
        held("instead", error_page(500).get_data(as_text=True))


def test_no_staff_page_does_nor_what_colleagues_wrote(app):
    browser = sign_in(app, "admin", name=PLANT[:100])
    with app.app_context(), lookup.database().writing() as connection:
        at, name = lookup.now(), f"P{PLANT}"[:100].replace(",", " ")
        who = accounts.add(connection, PLANT[:99], frozenset([Role.VIEW]), None, at, "terminal:0")
        name = name.replace('"', "“")
        rota_people.add(connection, name, None, at, "terminal:0")
        row = f'eds-social-worker,2026-11-23 17:00,2026-11-24 08:30,"{name}"'
        data = (rostered.HEADER + row).encode()
    with app.app_context():
        rota_service.save_change(rota_service.plan_import(data), "terminal:0")
    with app.app_context(), lookup.database().writing() as connection:
        shift = rota.get(connection, 1)
        cover = Cover(1, None, shift.during, PLANT)
        rota.add(connection, "covered", [cover], at, who.actor)
        create(connection, [divert_to("eds", shift.during)], PLANT, at, who.actor)
    for path in INSIDE:
        held(path, browser.get(f"/staff{path}").text)


def test_no_page_runs_what_was_asked_for(app):
    browser = sign_in(app, "admin")
    for path in ("/contacts?q=", "/staff/sign-in?next=", "/services/", "/staff/preview?at="):
        held(path, browser.get(path + PLANT.replace("#", "%23")).text, shown=False)


def test_a_page_that_ran_something_would_be_found():
    for bad in (PLANT, "<a href=' javascript:x'>", '<p onclick="x">', "<script>x</script>"):
        assert Page(bad).wrong

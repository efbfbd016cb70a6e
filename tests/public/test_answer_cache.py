"""The answer cache: rendered once a second, each answer with its own time and language."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from conftest import ANYSHIRE, divert_now
from flask import template_rendered

from routing.public.answer_cache import AnswerCache

DECISION = "/api/v1/services/children/decision"
NOW = "/services/children/now"


@pytest.fixture
def app(make_stored):
    return make_stored()


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def rendered(app):
    """Collect the names of the templates that are rendered."""
    names = []

    def collect(sender, template, **_):
        names.append(template.name)

    with template_rendered.connected_to(collect, app):
        yield names


@pytest.mark.parametrize(
    "path", ["/", "/contacts", "/contacts?q=mash", "/accessibility", "/privacy", "/embed"]
)
def test_a_page_is_rendered_once_a_second_and_states_its_own_time(client, clock, rendered, path):
    for part in ("12:00:00.000001", "12:00:00.999999", "12:00:01.500000"):
        clock.set(f"2026-11-23T{part}Z")
        times = re.findall(r'data-at="([^"]+)"', client.get(path).text)
        assert set(times) <= {f"2026-11-23T{part}+00:00"}

    assert len(rendered) == 2


def test_readers_of_one_second_get_their_own_page_search_heading_language_and_address(
    make_stored, tmp_path
):
    english = ANYSHIRE.read_text("utf-8")
    (tmp_path / "d.yaml").write_text(english.replace("languages: [en]", "languages: [en, cy]"))
    client = make_stored(tmp_path / "d.yaml").test_client()
    paths = ["/services/children", "/services/children/professionals", "/services/professionals"]
    paths += ["/contacts", "/contacts?q=nobody", "/embed", "/embed?service=professionals"]
    paths += [f"/services/children/fragment{query}" for query in ("", "?heading=3", "?lang=cy")]
    paths += ["/contacts?lang=cy", DECISION, f"{DECISION}?lang=cy"]
    pages = [client.get(path).text for path in paths * 2]

    assert pages[: len(paths)] == pages[len(paths) :]
    assert len(set(pages)) == len(paths)
    for host in ("one.example", "other.example"):
        assert f"http://{host}/" in client.get("/embed", headers={"Host": host}).text


def test_a_divert_is_in_the_next_answers_of_the_same_second(app, client, clock):
    before = client.get(NOW).text, client.get(DECISION).json["line"]["id"]
    divert_now(app)

    assert 'data-line="+441632960100 Multi' in before[0]
    assert 'data-line="+441632960100 Emergency' in client.get(NOW).text
    assert (before[1], client.get(DECISION).json["line"]["id"]) == ("mash", "eds")


def test_an_exchange_is_given_a_divert_at_once_though_another_process_set_it(make_stored):
    exchange, other = (make_stored(EXCHANGE_TOKEN="exchange") for _ in range(2))
    client, bearer = exchange.test_client(), {"Authorization": "Bearer exchange"}
    numbers = "/api/v1/services/children/numbers"
    before = client.get(numbers, headers=bearer).text
    divert_now(other)
    after = client.get(numbers, headers=bearer).text

    assert before.startswith("+441632960001\n")
    assert after.startswith("+441632960002\n")


@pytest.mark.parametrize(("part", "text"), [(0.4, "first"), (0.5, "second"), (0.6, "second")])
def test_no_answer_is_used_past_a_handover_within_its_second(app, clock, part, text):
    texts, noon = iter(["first", "second"]), clock.at
    cache, until = AnswerCache(), noon + timedelta(seconds=0.5)
    with app.app_context():
        for at in (noon, noon + timedelta(seconds=part)):
            answer = cache.get("key", at, lambda: (next(texts), until))

    assert answer.text == text


def test_who_asks_while_an_answer_is_rendered_gets_that_one_and_any_other_at_once(app, clock):
    cache, begun, go_on = AnswerCache(), threading.Event(), threading.Event()

    def slow():
        begun.set()
        assert go_on.wait(30)
        return "slow", None

    def get(key, render):
        with app.app_context():
            return cache.get(key, clock.at, render).text

    with ThreadPoolExecutor() as threads:
        first = threads.submit(get, "page", slow)
        assert begun.wait(30)
        second = threads.submit(get, "page", lambda: ("rendered twice", None))
        assert get("another page", lambda: ("another", None)) == "another"
        go_on.set()

    assert (first.result(), second.result()) == ("slow", "slow")

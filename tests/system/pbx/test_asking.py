"""A council's own exchange, as deploy/kamailio has it: it asks, and rings one after another."""

import pytest
from pbx import exchange
from pbx.conftest import EDS, MANAGER, MASH

TOKEN = {"TOKEN": "exchange"}


def asking(service, tmp_path, plays, **given):
    numbers = f"{service.base}/api/v1/services/children/numbers"
    return exchange.asking(tmp_path, numbers, plays, **{**TOKEN, **given})


def test_whoever_is_on_is_rung(day, night, tmp_path):
    for service, number in ((day, MASH), (night, EDS)):
        folder = tmp_path / number
        folder.mkdir()
        with asking(service, folder, {MASH: "answers", EDS: "answers"}) as pbx:
            assert pbx.call() == [number]


@pytest.mark.parametrize("plays", ["busy", "silent", "fails", "gone"])
def test_who_does_not_answer_is_followed_by_the_next(night, tmp_path, plays):
    with asking(night, tmp_path, {EDS: plays, MANAGER: "answers"}) as pbx:
        assert pbx.call() == [MANAGER]


def test_without_the_token_a_service_with_an_internal_line_rings_the_static_number(day, tmp_path):
    plays = {MASH: "answers", EDS: "answers"}
    with asking(day, tmp_path, plays, TOKEN="wrong") as pbx:
        assert pbx.call() == [EDS]


def test_while_the_service_is_down_the_static_number_is_rung(tmp_path):
    with exchange.asking(tmp_path, "http://127.0.0.1:9/x", {EDS: "answers"}) as pbx:
        assert pbx.call() == [EDS]


def test_who_called_is_in_no_log_of_the_exchange(night, tmp_path):
    with asking(night, tmp_path, {EDS: "gone", MANAGER: "answers"}) as pbx:
        assert pbx.call(caller="+447700900876") == [MANAGER]
    with exchange.asking(tmp_path, "http://127.0.0.1:9/x", {EDS: "answers"}) as pbx:
        assert pbx.call(caller="+447700900876") == [EDS]
    logs = [file for file in tmp_path.rglob("*.log") if file.name != "caller.log"]

    assert len(logs) > 1
    assert [file for file in logs if "7700900876" in file.read_text()] == []

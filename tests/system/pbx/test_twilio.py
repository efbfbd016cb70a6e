"""Calls through a real exchange that stands in for Twilio: each is connected to whoever answers."""

import os
import signal
from types import SimpleNamespace

import doctor_host
import pytest
from pbx.conftest import DAY, EDS, MANAGER, MASH, council
from serving import poll

ALL = {MASH: "answers", EDS: "answers", MANAGER: "accepts"}


def test_in_hours_the_day_line_answers(day, twilio):
    with twilio(day, ALL) as exchange:
        assert exchange.call() == [MASH]
        poll(lambda: "completed" in exchange.all("ended"))
        assert exchange.all("error") == exchange.all("application_error") == []


@pytest.mark.parametrize(
    ("plays", "ended"),
    [
        *(("busy", "busy"), ("silent", "no-answer"), ("fails", "failed"), ("gone", "failed")),
        (None, "failed"),
    ],
)
def test_who_does_not_answer_is_followed_by_whoever_does(night, twilio, plays, ended):
    """None: nobody has the number."""
    telephones = {EDS: plays, MANAGER: "accepts"} if plays else {MANAGER: "accepts"}
    with twilio(night, telephones) as exchange:
        assert exchange.call() == [MANAGER]
        assert exchange.all("ended")[:1] == [ended]
        assert exchange.all("rings") == [EDS, MANAGER]


def test_where_all_fail_the_caller_hears_what_to_do(night, twilio):
    with twilio(night, {EDS: "fails", MANAGER: "fails"}) as exchange:
        assert exchange.call(ends=480) == []
        sentences = exchange.all("said")

        assert exchange.all("rings") == [EDS, MANAGER] * 3
        assert sum("nobody has answered yet" in sentence for sentence in sentences) == 2
        assert sum("9 9 9" in sentence for sentence in sentences) == 4
        assert exchange.all("verb")[-1] == "Hangup"


def test_whoever_presses_1_has_the_call(night, twilio):
    with twilio(night, {EDS: "busy", MANAGER: "accepts"}) as exchange:
        assert exchange.call() == [MANAGER]
        assert exchange.all("accepted") == [True]
        poll(lambda: "completed" in exchange.all("ended"))
        assert exchange.all("rings") == [EDS, MANAGER]


@pytest.mark.parametrize("plays", ["declines", "voicemail"])
def test_who_declines_or_is_a_voicemail_has_not(night, twilio, plays):
    with twilio(night, {EDS: "busy", MANAGER: plays}) as exchange:
        assert exchange.call(ends=480) == []
        assert exchange.all("rings") == [EDS, MANAGER] * 3
        assert exchange.all("presses") == [{"declines": "2", "voicemail": "none"}[plays]] * 3


@pytest.fixture
def elsewhere(day):
    """The fallback as it is hosted on another machine."""
    with doctor_host.running() as host:
        host.files["/fallback.xml"] = day.flask("twilio", "fallback")
        yield f"{host.base}/fallback.xml"


DOWN = SimpleNamespace(base="http://127.0.0.1:9")


def test_while_the_service_is_down_the_fallback_rings_one_after_another(twilio, elsewhere):
    with twilio(DOWN, {EDS: "busy", MASH: "answers"}, PBX_FALLBACK=elsewhere) as exchange:
        assert exchange.call() == [MASH]
        assert exchange.all("rings") == [EDS, MASH]
        assert exchange.all("error") != []


def test_a_service_that_hangs_is_passed_over_for_the_fallback(day, twilio, elsewhere):
    environ = {"PBX_FALLBACK": elsewhere, "PBX_READ_TIMEOUT": "1"}
    with twilio(day, {EDS: "answers", MASH: "answers"}, **environ) as exchange:
        for worker in day.workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            assert exchange.call() == [EDS]
        finally:
            for worker in day.workers:
                os.kill(worker, signal.SIGCONT)


def test_a_hundred_calls_at_twenty_a_second_are_connected_and_logged_without_their_callers(
    tmp_path_factory, twilio
):
    with (
        council(tmp_path_factory.mktemp("said"), DAY) as service,
        twilio(service, ALL) as exchange,
    ):
        answered_by = exchange.call(calls=100)
        # The end of the last one may be on its way.
        all_answered = "100  children, first to mash: answered"
        poll(lambda: all_answered in service.flask("calls", "summary"))

    assert answered_by == [MASH] * 100
    assert exchange.all("error") == exchange.all("application_error") == []
    assert "gunicorn" in service.log()
    for file in service.folder.rglob("*"):  # the log among them
        assert not file.is_file() or b"7700900123" not in file.read_bytes(), file

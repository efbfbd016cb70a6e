"""Lines on which whoever picks up must press 1: no voicemail ever has the call."""

import os
import time

import pytest
from telephone import Telephone
from telephony.conftest import EDS, MANAGER, NUMBERS, night_manager


def test_whoever_presses_1_has_the_call(twilio, clock):
    document = night_manager(twilio, clock)
    whisper = twilio.picked_up(document, "CA1")
    connected = twilio.picked_up(document, "CA1", "1")

    assert "press 1" in whisper.speech
    assert connected.verbs == []
    assert twilio.ends(document, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


@pytest.mark.parametrize("digits", ["2", "*", "", "11"])
def test_whoever_presses_another_key_has_declined(twilio, clock, digits):
    document = night_manager(twilio, clock)

    assert twilio.picked_up(document, "CA1", digits).verbs == ["Hangup"]
    assert twilio.ends(document, "CA1", "completed", DialBridged="true").number == EDS


@pytest.mark.parametrize("bridged", ["true", "false", None])
def test_a_voicemail_on_a_screened_line_never_has_the_call(twilio, clock, bridged):
    document = night_manager(twilio, clock)
    whisper = twilio.picked_up(document, "CA1")

    assert whisper.verbs == ["Gather", "Hangup"]
    assert twilio.ends(document, "CA1", "completed", DialBridged=bridged).number == EDS


def test_the_key_counts_for_the_leg_on_which_it_was_pressed(twilio, clock):
    document = night_manager(twilio, clock)
    twilio.picked_up(document, "CA1", "1")
    document = twilio.ends(document, "CA1", "failed")
    document = twilio.ends(document, "CA1", "busy")

    assert document.number == MANAGER
    assert twilio.ends(document, "CA1", "completed", DialBridged="true").number == EDS


def test_the_key_is_known_to_another_worker_without_a_database(
    twilio, clock, make_telephoned, tmp_path
):
    document = night_manager(twilio, clock)
    (tmp_path / "instance" / "routing.sqlite").unlink()
    twilio.picked_up(document, "CA1", "1")
    other = Telephone(make_telephoned().test_client(), NUMBERS)

    assert other.ends(document, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


def test_the_key_is_known_to_another_machine_by_the_log(twilio, clock, tmp_path):
    document = night_manager(twilio, clock)
    twilio.picked_up(document, "CA1", "1")
    for mark in (tmp_path / "instance" / "accepted").iterdir():
        mark.unlink()

    assert twilio.ends(document, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


def test_a_folder_that_takes_no_mark_costs_nobody_the_call(twilio, clock, tmp_path):
    document = night_manager(twilio, clock)
    (tmp_path / "instance" / "accepted").touch()

    assert twilio.picked_up(document, "CA1", "1").verbs == []
    assert twilio.ends(document, "CA1", "completed", DialBridged="true").verbs == ["Hangup"]


def test_a_mark_is_deleted_once_it_is_more_than_a_day_old(twilio, clock, tmp_path):
    folder, document = tmp_path / "instance" / "accepted", night_manager(twilio, clock)
    folder.mkdir()
    for name, hours in (("old", 25), ("new", 23)):
        (folder / name).touch()
        os.utime(folder / name, times=(time.time() - 3600 * hours,) * 2)
    twilio.picked_up(document, "CA1", "1")

    assert "new" in {mark.name for mark in folder.iterdir()}
    assert not (folder / "old").exists()


def test_a_line_screened_when_it_rang_stays_so_though_the_directory_changes(
    twilio, clock, make_changed
):
    document = night_manager(twilio, clock)
    app = make_changed("press_1_to_accept: yes", "press_1_to_accept: no")
    changed = Telephone(app.test_client(), NUMBERS)

    assert changed.ends(document, "CA1", "completed", DialBridged="true").number == EDS


LONG_NAMES = """
council: {name: A, website: https://a.example}
zone: Europe/London
languages: [cy, en]
emergency: {cy: Ffoniwch 999., en: Call 999.}
bank_holidays: {division: england-and-wales}
lines:
  a: {name: {cy: A, en: A}, phone: 01632 960001, hours: always, press_1_to_accept: yes}
services:
  children: {name: NAME, lines: [a], out_of_hours: a}
"""


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("{cy: Poeni am blentyn, en: Worried about a child}", ["cy-GB", "en-GB"]),
        (f"{{cy: {'enw hir ' * 9}, en: {'long name ' * 7}}}", ["cy-GB"]),
    ],
)
def test_whoever_picks_up_is_asked_for_fifteen_seconds_at_most(
    make_telephoned, tmp_path, name, languages
):
    (tmp_path / "long.yaml").write_text(LONG_NAMES.replace("NAME", name))
    twilio = Telephone(make_telephoned(tmp_path / "long.yaml").test_client(), {"+441632960001"})
    document = twilio.picked_up(twilio.call("CA1"), "CA1")
    gather = document.root.find("Gather")

    assert [words.get("language") for words in gather] == languages
    assert len(document.speech) / 14 + int(gather.get("timeout")) <= 15

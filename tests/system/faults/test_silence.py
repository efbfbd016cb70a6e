"""Whoever rings first after a change is given the new number, however long nobody rang."""

import time

import silence

SILENCE_SECONDS = 4


def test_after_a_change_and_silence_the_first_answers_of_every_worker_are_new(tmp_path):
    with silence.service(tmp_path) as service:
        for name, (change, number) in silence.CHANGES.items():
            change(service)
            time.sleep(SILENCE_SECONDS)

            assert service.numbers() == {number}, name

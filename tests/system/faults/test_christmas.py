"""A few of Christmas's instants, at every door; bin/prove asks from two hundred."""

from christmas import christmas


def test_every_door_agrees_with_the_oracle_wherever_a_rehearsal_of_christmas_starts():
    counts, wrong = christmas(6)

    assert wrong == []
    assert len(counts) == 11
    assert counts.pop("rota") == 6
    assert set(counts.values()) == {12}

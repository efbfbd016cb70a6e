"""A few of Christmas's instants, at every door; bin/prove asks from two hundred."""

from christmas import christmas


def test_every_door_agrees_with_the_oracle_wherever_a_rehearsal_of_christmas_starts():
    asked, wrong = christmas(6)

    assert wrong == []
    assert len(asked) == 11
    assert asked.pop("rota") == 6
    assert set(asked.values()) == {12}

"""A divert set on one worker, asked of every other, and of another group that shares PostgreSQL."""

from two_groups import two_groups


def test_number_is_never_old_once_the_page_says_so_and_no_answer_after_a_second(
    postgresql, tmp_path
):
    answered, old, late = two_groups(postgresql, tmp_path, rounds=2, questions=250)

    assert answered == 500
    assert (old, late) == ([], [])

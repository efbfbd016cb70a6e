"""For how long a line rings, and which keys are pressed once it answers."""

from math import ceil

from routing.core.directory import Line, Phone

MIN_RING_SECONDS, RING_SECONDS, LAST_RING_SECONDS, MAX_RING_SECONDS = 5, 25, 55, 55
"""How long a line rings: at least; unless the directory says otherwise, before another and as the
last; and at most, whatever the directory says.

Twilio adds 5 seconds to what it is told; a mobile's voicemail commonly answers after 15 to 30.
"""

KEY_PROMPT_SECONDS = 15
"""How long whoever picked up is asked to press a key, at most."""

KEY_PRESS_SECONDS = 0.5
"""How long the exchange takes to press a key, and to wait for a ``w``."""


def ring_seconds(line: Line, is_last: bool) -> int:
    """Return for how long to ring a line, which is the last that a round has left or not."""
    is_longer = is_last and not line.press_1_to_accept
    seconds = line.ring_seconds or (LAST_RING_SECONDS if is_longer else RING_SECONDS)
    return min(seconds, max_ring_seconds(line))


def max_ring_seconds(line: Line) -> int:
    """Return for how long a line may ring, whatever the directory says."""
    return max(MIN_RING_SECONDS, MAX_RING_SECONDS - acceptance_seconds(line))


def acceptance_seconds(line: Line) -> int:
    """Return for how long at most a caller hears ringing after somebody picked up the line.

    That is while they are asked to press 1, and before that while the exchange dials through a
    menu; 0 for a line that is connected at once.
    """
    if not line.press_1_to_accept:
        return 0
    return KEY_PROMPT_SECONDS + ceil(KEY_PRESS_SECONDS * len(line.send_digits or ""))


def send_digits(line: Line, phone: Phone) -> str | None:
    """Return the keys to press once ``phone``, a number of the line, answers; None for none.

    They fit the menu of the line's own number: nothing is pressed on the number of a special day.
    """
    return line.send_digits if phone == line.phone else None

"""The rule is tested on a machine whose own zone is ten hours behind."""

import time

import pytest


@pytest.fixture(scope="package", autouse=True)
def machine_in_honolulu():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Honolulu")
        time.tzset()
        yield
    time.tzset()

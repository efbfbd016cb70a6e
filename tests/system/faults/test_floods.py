"""A flood of any address, by itself and behind nginx, refuses no caller. Times are bin/prove's."""

import flood
import nginx
import pytest


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """A real service's port, and that of the nginx before it where there is one."""
    folder = tmp_path_factory.mktemp("flooded")
    folder.chmod(0o755)
    with flood.served(folder) as own:
        if nginx.NGINX is None:
            yield {"alone": own}
            return
        with nginx.before([f"127.0.0.1:{own}"], folder) as front:
            yield {"alone": own, "behind nginx": front}


@pytest.mark.parametrize(
    ("way", "address"),
    [
        ("alone", flood.SIGN_IN),
        ("alone", "a forged call"),
        ("alone", flood.EVERY),
        pytest.param("behind nginx", flood.EVERY, marks=nginx.NEEDED),
    ],
)
def test_a_flood_refuses_no_caller(ports, way, address):
    answers, statuses = flood.endure(ports[way], address, seconds=2)

    assert answers.wrong == []
    assert answers.count > 0
    refusals = {"400", "401", "403", "404", "405", "429", "503"}
    assert statuses.keys() <= {"100", "200", "302", "307"} | refusals

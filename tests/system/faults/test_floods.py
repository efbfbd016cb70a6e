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


@pytest.mark.parametrize("way", ["alone", "behind nginx"])
@pytest.mark.parametrize("address", ["sign-in", "timeline", "unknown page", "unsigned form"])
def test_a_flood_refuses_no_caller(ports, way, address):
    if way not in ports:
        pytest.skip("needs nginx")
    answers, statuses = flood.endure(ports[way], address, seconds=2)

    assert answers.wrong == []
    assert answers.count > 0
    assert statuses.keys() <= {"200", "403", "404", "429", "503"}

"""A flood of any address, by itself and behind nginx, refuses no caller. Times are bin/prove's."""

from contextlib import suppress

import flood
import nginx
import pytest
from werkzeug.exceptions import MethodNotAllowed, NotFound

from routing.staff import auth


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
        ("alone", "sign-in"),
        ("alone", "forged call"),
        ("alone", flood.EVERY),
        ("behind nginx", flood.EVERY),
    ],
)
def test_a_flood_refuses_no_caller(ports, way, address):
    if way not in ports:
        pytest.skip("needs nginx")
    answers, statuses = flood.endure(ports[way], address, seconds=2)

    assert answers.wrong == []
    assert answers.count > 0
    refusals = {"400", "401", "403", "404", "405", "429", "503"}
    assert statuses.keys() <= {"100", "200", "302", "307"} | refusals


def test_every_address_that_needs_no_sign_in_is_flooded(make_app):
    """Those in Welsh are the same pages. This test names what flood.ADDRESSES lacks."""
    routes, flooded = make_app().url_map, set()
    urls = routes.bind("who.example")
    for address in flood.ADDRESSES.values():
        method, _, path = address.partition("?")[0].rpartition(" ")
        with suppress(NotFound, MethodNotAllowed):
            flooded.add(urls.match(path, method or "GET", return_rule=True)[0].rule)
    needs_no_sign_in = {
        rule.rule.removeprefix("/cy")
        for rule in routes.iter_rules()
        if not rule.rule.startswith("/staff/") or rule.endpoint in auth.PUBLIC_ENDPOINTS
    }

    assert needs_no_sign_in - flooded == set()

"""The recipe for nginx on /embed, in a real nginx: with this service up, failing and down."""

import re
import threading
from contextlib import contextmanager, nullcontext
from html import unescape

import nginx
import pytest
import stub_server
from nginx import get
from serving import free_port

PAGE = "/child-abuse"

pytestmark = nginx.NEEDED


@contextmanager
def service(fragment):
    """Serve the fragment on loopback: a text, or the status of an error; None hangs."""
    released = threading.Event()

    class CouncilPageHandler(stub_server.Handler):
        def do_GET(self):
            if fragment is None:
                released.wait(10)
            status = fragment if isinstance(fragment, int) else 200
            body = fragment if isinstance(fragment, str) else "Sorry, there is a problem"
            self.answer(status, "text/html; charset=utf-8", body)

    with stub_server.serving(CouncilPageHandler) as server:
        try:
            yield server.server_port
        finally:
            released.set()


def council_page(client_of, folder, service_port):
    """Return what a reader of the council's page gets, by the code on /embed."""
    embed = client_of(f"http://127.0.0.1:{service_port}").get("/embed").text
    code = dict(re.findall(r'(?s)<textarea[^>]*id="([\w-]+)"[^>]*>(.*?)</textarea>', embed))
    (folder / "child-abuse").write_text(f"<h1>A council</h1>{unescape(code['nginx-page'])}")

    def configuration(text):
        port = re.search(r"listen 127\.0\.0\.1:(\d+);", text)[1]
        page = f"location = {PAGE} {{ ssi on; default_type text/html; root {folder}; }}"
        return (
            f"server {{ listen 127.0.0.1:{port}; server_name x;\n{page}\n"
            f"{unescape(code['nginx'])} }}"
        )

    with nginx.before(["127.0.0.1:1"], folder, change=configuration) as port:
        return get(port, PAGE).body.decode()


@pytest.fixture
def client_of(make_app):
    return lambda url: make_app(PUBLIC_BASE_URL=url).test_client()


def test_the_councils_page_has_the_answer_once(client_of, tmp_path):
    fragment = client_of("https://who.example").get("/services/children/fragment").text
    with service(fragment) as port:
        page = council_page(client_of, tmp_path, port)

    assert "until 5pm on Monday 23 November" in page
    assert page.count("All numbers and their hours") == 1
    assert "Some days differ" not in page


@pytest.mark.parametrize("fault", [None, 404, 429, 500, 503, "down"], ids=str)
def test_the_councils_page_has_the_pasted_list_and_no_error_where_the_service_fails_or_is_down(
    client_of, tmp_path, fault
):
    with service(fault) if fault != "down" else nullcontext(free_port()) as port:
        page = council_page(client_of, tmp_path, port)

    assert page.startswith("<h1>A council</h1>")
    for words in ("01344 352005", "01344 351999", "Some days differ"):
        assert words in page
    assert not re.search(r"Sorry|Gateway|error|nginx", page)

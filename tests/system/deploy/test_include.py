"""The recipe for nginx on /embed, in a real nginx: with this service up, failing and down."""

import re
import threading
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nginx
import pytest
from nginx import get
from serving import free_port

PAGE = "/child-abuse"


@contextmanager
def service(fragment):
    """Serve the fragment on loopback: a text, or the status of an error; None hangs."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if fragment is None:
                released.wait(10)
            status = fragment if isinstance(fragment, int) else 200
            body = fragment if isinstance(fragment, str) else "Sorry, there is a problem"
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        released.set()
        server.shutdown()
        server.server_close()


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


@pytest.fixture(autouse=True)
def needed():
    if nginx.NGINX is None:
        pytest.skip("needs nginx")


def test_the_councils_page_has_the_answer_once(client_of, tmp_path):
    fragment = client_of("https://who.example").get("/services/children/fragment").text
    with service(fragment) as port:
        page = council_page(client_of, tmp_path, port)

    assert "until 5pm on Monday 23 November" in page
    assert page.count("All numbers and their hours") == 1
    assert "Some days differ" not in page


@pytest.mark.parametrize("fault", [None, 404, 429, 500, 503], ids=str)
def test_the_councils_page_has_the_pasted_list_and_no_error_where_the_service_fails(
    client_of, tmp_path, fault
):
    with service(fault) as port:
        page = council_page(client_of, tmp_path, port)

    assert page.startswith("<h1>A council</h1>")
    assert "01344 352005" in page
    assert "Some days differ" in page
    assert not re.search(r"Sorry|Gateway|error|nginx", page)


def test_the_councils_page_has_the_pasted_list_and_no_error_while_the_service_is_down(
    client_of, tmp_path
):
    page = council_page(client_of, tmp_path, free_port())

    assert "01344 351999" in page
    assert "Some days differ" in page
    assert not re.search(r"Gateway|error|nginx", page)

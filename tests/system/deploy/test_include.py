"""The recipes of /embed for a web server, in a real one: with this service up, failing and down."""

import re
import shutil
import subprocess
import threading
from contextlib import contextmanager, nullcontext
from html import unescape
from http.server import ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import nginx
import pytest
import stub_server
from conftest import ROOT, Clock
from nginx import get
from serving import free_port, listens, poll

APACHE = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
PAGE = "/child-abuse"

AROUND = """
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
Listen 127.0.0.1:{port}
ServerName x
User nobody
Group nogroup
{modules}
DocumentRoot {folder}
<Directory {folder}>
  AllowOverride None
  Require all granted
  Options +Includes
  ForceType text/html
  SetOutputFilter INCLUDES
</Directory>
{recipe}
"""
MODULES = "mpm_event authz_core filter include headers proxy proxy_http ssl socache_shmcb"


@contextmanager
def service(port, fragment):
    """Serve the fragment on loopback: a text, or the status of an error; None hangs."""
    released = threading.Event()

    class CouncilPageHandler(stub_server.Handler):
        def do_GET(self):
            if fragment is None:
                released.wait(10)
            status = fragment if isinstance(fragment, int) else 200
            body = fragment if isinstance(fragment, str) else "Sorry, there is a problem"
            if {"Accept-Encoding", "Cookie", "X-Forwarded-For"} & set(self.headers):
                body = "Sorry, what was sent is about the reader"
            self.answer(status, "text/html; charset=utf-8", body)

    with stub_server.running(ThreadingHTTPServer(("127.0.0.1", port), CouncilPageHandler)):
        try:
            yield
        finally:
            released.set()


@contextmanager
def nginx_with(folder, code):
    def configuration(text):
        port = re.search(r"listen 127\.0\.0\.1:(\d+);", text)[1]
        page = f"location = {PAGE} {{ ssi on; default_type text/html; root {folder}; }}"
        return f"server {{ listen 127.0.0.1:{port}; server_name x;\n{page}\n{code['nginx']} }}"

    with nginx.before(["127.0.0.1:1"], folder, change=configuration) as port:
        yield port


@contextmanager
def apache_with(folder, code):
    numbers = code["plain"].partition("<script")[0]
    (folder / "who-to-call-numbers.html").write_text(numbers)
    port, file = free_port(), folder / "apache.conf"
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in MODULES.split()
    )
    recipe = code["apache"]
    file.write_text(AROUND.format(folder=folder, port=port, modules=modules, recipe=recipe))
    with subprocess.Popen([APACHE, "-D", "FOREGROUND", "-f", str(file)]) as process:
        try:
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def service_port():
    return free_port()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(nginx_with, marks=nginx.NEEDED),
        pytest.param(apache_with, marks=pytest.mark.skipif(APACHE is None, reason="needs Apache")),
    ],
    ids=["nginx", "apache"],
)
def council(request, shared_app, service_port):
    """Run a council's web server by the code on /embed; return its port."""
    url = f"http://127.0.0.1:{service_port}"
    embed = shared_app(ROOT / "directory.yaml", Clock(), PUBLIC_BASE_URL=url).test_client()
    text = embed.get("/embed").text
    areas = re.findall(r'(?s)<textarea[^>]*id="([\w-]+)"[^>]*>(.*?)</textarea>', text)
    code = {name: unescape(area) for name, area in areas}
    page = code[f"{request.param.__name__.partition('_')[0]}-page"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the web server's own user, who sees nothing of pytest's folders
        (folder / PAGE.strip("/")).write_text(f"<h1>A council</h1>{page}")
        with request.param(folder, code) as port:
            poll(lambda: listens(port))
            yield port


def council_page(port):
    reader = {"Accept_Encoding": "gzip", "Cookie": "a=b"}
    return get(port, PAGE, **reader).body.decode()


def test_the_councils_page_has_the_answer_once_and_says_nothing_of_its_reader(
    council, service_port, client
):
    with service(service_port, client.get("/services/children/fragment").text):
        page = council_page(council)

    assert "until 5pm on Monday 23 November" in page
    assert page.count("All numbers and their hours") == 1
    assert "Some days differ" not in page


@pytest.mark.parametrize("fault", [None, 404, 429, 500, 503, "down"], ids=str)
def test_the_councils_page_has_the_pasted_list_and_no_error_where_the_service_fails_or_is_down(
    council, service_port, fault
):
    with service(service_port, fault) if fault != "down" else nullcontext():
        page = council_page(council)

    assert page.startswith("<h1>A council</h1>")
    for words in ("01344 352005", "01344 351999", "Some days differ"):
        assert words in page
    assert not re.search(r"Sorry|Gateway|error|nginx|Apache", page)

"""A real nginx before the service: by deploy/nginx.conf, its paths and ports alone changed."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from serving import ROOT, free_port, listens, poll

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NEEDED = pytest.mark.skipif(NGINX is None, reason="needs nginx")

UNVERIFIED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNVERIFIED.check_hostname, UNVERIFIED.verify_mode = False, ssl.CERT_NONE

USER = "" if os.getuid() else "user root;"  # or it cannot write into the test's own folder

# As Debian's own, which writes an access log wherever a site does not say no; with the connections
# that docs/deploy.md asks for.
AROUND = """
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
worker_processes {workers}; worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log {folder}/access.log; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  include {folder}/who-to-call.conf;
}}
"""
OTHER = "192.0.2.2:8000"
"""The second machine that the file names."""


def configured(folder, port, applications, tls=None, locations=""):
    """Return deploy/nginx.conf for some applications (host:port), with TLS if that has a port."""
    text = (ROOT / "deploy/nginx.conf").read_text()
    text = text.replace("127.0.0.1:8000", applications[0])
    if len(applications) > 1:
        text = text.replace("#server", "server").replace(OTHER, applications[1])
    if tls:
        text = re.sub(r"^(\s+)#(?!server|\s)", r"\1", text, flags=re.M)
    text = re.sub(r"^\s+listen \[::\].*\n", "", text, flags=re.M)
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{port};\n{locations}"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("/etc/ssl/who-to-call/fullchain.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/who-to-call/privkey.pem", f"{folder}/key.pem"),
        ("/run/who-to-call-answers", f"{folder}/answers"),
        ("/var/log/nginx/who-to-call.log", f"{folder}/error.log"),
        ("/srv/who-to-call/printed", str(folder)),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


def unlimited(text):
    """Return a configuration whose limits nobody reaches: for tests that ask as fast as can be."""
    return re.sub(r"rate=\d+r/s", "rate=100000r/s", text)


@contextmanager
def before(applications, folder, tls=None, locations="", workers=1, change=lambda text: text):
    """Put nginx before some applications; yield its port. ``change`` may set other limits."""
    if tls:
        words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
        words += " -keyout key.pem -out cert.pem"
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
    port = free_port()
    text = change(configured(folder, port, applications, tls, locations))
    Path(folder, "who-to-call.conf").write_text(text)
    file = Path(folder, "nginx.conf")
    file.write_text(AROUND.format(folder=folder, user=USER, workers=workers))
    log = Path(folder, "said")
    with (
        log.open("w") as output,
        subprocess.Popen([NGINX, "-c", str(file), "-p", str(folder)], stderr=output) as process,
    ):
        try:
            poll(lambda: listens(port), 10, log.read_text)
            yield port
        finally:
            process.terminate()


def get(port, path, method="GET", body=None, timeout=20, **headers):
    """Return the status, headers (an http.client.HTTPMessage) and body of an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())


def ask(port, head, body=b"", tls=False):
    """Send a request as it stands, and return (status, head, body) of the answer."""
    with ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        if tls:
            connection = stack.enter_context(UNVERIFIED.wrap_socket(connection))
        connection.sendall(head.encode("latin-1") + b"\r\n\r\n" + body)
        answer = b""
        with suppress(ConnectionResetError):  # it answered before it had read all that was sent
            while part := connection.recv(65536):
                answer += part
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), top.decode("latin-1"), rest

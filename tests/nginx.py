"""A real nginx with TLS before the service, under a path of its own; and raw requests to either."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack, contextmanager

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

USER = "" if os.getuid() else "user root; "  # or it cannot write into the test's own folder

CONFIGURATION = """
{user}daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location /duty/ {{ proxy_pass {upstream}/; proxy_set_header Host internal.example; }}
  }}
}}
"""


@contextmanager
def before(upstream, folder, port):
    """Serve what is at ``upstream`` at https://127.0.0.1:port/duty/."""
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, upstream=upstream, user=USER))
    command = [NGINX, "-c", str(file), "-p", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield
        finally:
            process.terminate()


def ask(port, head, body=b"", tls=False):
    """Send a request as it stands, and return (status, head, body) of the answer."""
    with ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        if tls:
            connection = stack.enter_context(_unverified().wrap_socket(connection))
        connection.sendall(head.encode("latin-1") + b"\r\n\r\n" + body)
        answer = b""
        while part := _received(connection):
            answer += part
    top, _, rest = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), top.decode("latin-1"), rest


def _received(connection):
    try:
        return connection.recv(65536)
    except ConnectionResetError:  # it answered before it had read all that was sent
        return b""


def _unverified():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _wait(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx does not listen")

"""Commands of the service as processes of their own, forked from one that has loaded it.

``python command_server.py SOCKET`` waits for commands; CLIENT is a program that hands it its own
arguments, environment, folder, input and output. Loading takes seconds, a fork does not.
"""

import gc
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ForkingMixIn, UnixStreamServer

from serving import TESTS_PATH, poll

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    command = json.dumps([sys.argv, dict(os.environ), os.getcwd()])
    socket.send_fds(server, [command.encode()], [0, 1, 2])
    sys.exit(int(server.recv(16)))
"""


@contextmanager
def running(folder):
    """Yield the text of a program that is the service's, while the process that it asks runs."""
    address = folder / "warm"
    environ = os.environ | {"PYTHONPATH": TESTS_PATH}
    with subprocess.Popen([sys.executable, __file__, str(address)], env=environ) as process:
        try:
            poll(address.exists)
            yield CLIENT.format(python=sys.executable, address=str(address))
        finally:
            process.terminate()


class CommandHandler(BaseRequestHandler):
    """Runs one command, in the process forked for it."""

    def handle(self):
        from routing.__main__ import main

        command, handles, _, _ = socket.recv_fds(self.request, 2**20, 3)
        sys.argv, environ, folder = json.loads(command)
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        status = 1
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        finally:
            sys.stdout.flush()
            self.request.sendall(str(status).encode())


class CommandServer(ForkingMixIn, UnixStreamServer):
    request_queue_size = 50


if __name__ == "__main__":
    import routing.__main__  # noqa: F401 - loaded before the fork
    from routing.bank_holidays import package_holidays

    package_holidays("england-and-wales")
    gc.freeze()  # what is loaded is copied into no child, and swept by none
    with CommandServer(sys.argv[1], CommandHandler) as server:
        server.serve_forever()

"""Commands of flask as processes of their own, forked from one that has loaded the service.

``python warm.py SOCKET`` waits for commands; ``client(SOCKET)`` is a program that hands it its own
arguments, environment, folder, input and output. Loading takes seconds, a fork does not.
"""

import gc
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    told = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(server, [len(told).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(told)
    sys.exit(int(server.recv(16)))
"""


@contextmanager
def running(folder):
    """Yield the text of a program that is flask, while the process that it asks runs."""
    address = str(folder / "warm")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        command = [sys.executable, __file__, str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        yield CLIENT.format(python=sys.executable, address=address)
    finally:
        process.terminate()
        process.wait(20)


def _serve(listener):
    while True:
        asking, _ = listener.accept()
        size, handles, _, _ = socket.recv_fds(asking, 4, 3)
        words, environ, folder = json.loads(_all(asking, int.from_bytes(size, "big")))
        child = os.fork()
        if not child:
            _become(words, environ, folder, handles)
        for handle in handles:
            os.close(handle)
        _, status = os.waitpid(child, 0)
        asking.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        asking.close()


def _all(asking, size):
    received = b""
    while len(received) < size:
        received += asking.recv(size - len(received))
    return received


def _become(words, environ, folder, handles):
    from routing.__main__ import main

    for number, handle in enumerate(handles):
        os.dup2(handle, number)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = words
    try:
        main()
    except SystemExit as left:
        if isinstance(left.code, int):  # to tidy up takes Python as long as the command did
            sys.stdout.flush()
            os._exit(left.code)
        raise


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    import routing.__main__  # noqa: F401 - loaded before the fork
    from routing.bank_holidays import package_holidays

    package_holidays("england-and-wales")
    gc.freeze()  # what is loaded is copied into no child, and swept by none
    _serve(socket.socket(fileno=int(sys.argv[1])))

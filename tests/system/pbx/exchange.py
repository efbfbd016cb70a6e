"""A real exchange on loopback: Kamailio between a caller and telephones that SIPp plays."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pbx import telephones
from serving import ROOT, poll

HERE = Path(__file__).parent
CONFIGURATION = ROOT / "deploy" / "kamailio" / "who-to-call.cfg"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
KAMAILIO, SIPP = shutil.which("kamailio", path=PATH), shutil.which("sipp", path=PATH)
CALLER, CALLED = "+447700900123", "+441632960100"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Exchange:
    """A running exchange, and what has happened there, in order."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port

    @property
    def events(self):
        file = self.folder / "events"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def all(self, key):
        """Return each value of one kind of event."""
        return [event[key] for event in self.events if key in event]

    def call(self, caller=CALLER, ends=200, calls=1):
        """Call, twenty times a second. Return the number that each call was connected to; none
        where it was refused.
        """
        scenario, log = self.folder / f"caller-{ends}.xml", self.folder / "caller.log"
        scenario.write_text(telephones.caller(ends))
        (self.folder / "callers.csv").write_text(f"SEQUENTIAL\n{caller}\n")
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [SIPP, "-sf", scenario, "-inf", self.folder / "callers.csv", "-i", "127.0.0.1",
             "-p", str(free_port()), "-mp", str(free_port()), "-s", CALLED, "-m", str(calls),
             "-r", "20", "-nostdin", "-timeout", "60s", "-timeout_error",
             "-trace_logs", "-log_file", log, f"127.0.0.1:{self.port}"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        text = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr}\n{self.events}"
        return re.findall(r"CONNECTED_TO (\S+)", text)


@contextmanager
def _running(command, port, log, environ=None):
    """Run a program, its output in a file, from when it listens on a port until the block ends.

    It is killed with its children: an exchange that is asked to end may wait a minute for them.
    """
    sockets = Path("/proc/net/udp")
    environ = os.environ | (environ or {})
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=environ,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        poll(lambda: process.poll() is not None or f":{port:04X} " in sockets.read_text())
        assert process.poll() is None, log.read_text()
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=20)


@contextmanager
def kamailio(folder, file, environ=None, **given):
    """Run Kamailio with a configuration, ``given`` defined. Yield the port on which it listens."""
    port = free_port()
    given |= {"LISTEN": f"udp:127.0.0.1:{port}"}
    command = [KAMAILIO, "-DD", "-E", "-f", file, "-w", folder, "-Y", folder, "-m", "64"]
    command += [f"-A{key}={value}" for key, value in given.items()]
    with _running(command, port, folder / f"{file.stem}.log", environ):
        time.sleep(0.5)  # its children take a moment more
        yield port


@contextmanager
def playing(folder, plays):
    """Play telephones by number. Yield their addresses by number."""
    addresses = {}
    with ExitStack() as stack:
        for number, play in plays.items():
            port, file = free_port(), folder / f"telephone{number}.xml"
            file.write_text(telephones.scenario(number, play))
            command = [SIPP, "-sf", file, "-i", "127.0.0.1", "-p", str(port), "-mp"]
            command += [str(free_port()), "-nostdin", "-deadcall_wait", "0"]
            stack.enter_context(_running(command, port, folder / "telephone.out"))
            addresses[number] = f"sip:127.0.0.1:{port}"
        yield addresses


@contextmanager
def twilio(folder, base, local, plays, **environ):
    """Run the exchange that stands in for Twilio. ``local`` is where ``base`` is answered."""
    with playing(folder, plays) as addresses:
        given = {
            "PBX_BASE": base,
            "PBX_LOCAL": local,
            "PBX_EVENTS": str(folder / "events"),
            "PBX_TELEPHONES": json.dumps(addresses),
            **environ,
        }
        script = f'"{HERE / "as_twilio.py"}"'
        with kamailio(folder, HERE / "as_twilio.cfg", given, SCRIPT=script) as port:
            yield Exchange(folder, port)


@contextmanager
def asking(folder, service, plays, **given):
    """Run the council's own exchange, deploy/kamailio, before a network of telephones."""
    with playing(folder, plays) as addresses:
        routes = "".join(
            f'    if ($rU == "{number}") {{ $du = "{address}"; forward(); exit; }}\n'
            for number, address in addresses.items()
        )
        network = folder / "gateway.cfg"
        network.write_text((HERE / "gateway.cfg").read_text().replace("ROUTES", routes))
        with ExitStack() as running:
            gateway = running.enter_context(kamailio(folder, network))
            values = {
                "NUMBERS": f'"{service}"',
                "GATEWAY": f'"sip:127.0.0.1:{gateway}"',
                "RING": "3000",
                "RING_LAST": "6000",
                **{key: f'"{value}"' for key, value in given.items()},
            }
            port = running.enter_context(kamailio(folder, CONFIGURATION, **values))
            yield Exchange(folder, port)

"""A real exchange on loopback: Kamailio between a caller and telephones that SIPp plays."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pbx import telephones
from serving import ROOT

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
    """A running exchange. ``events`` is what has happened, in order."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.file = folder / "events"

    @property
    def events(self):
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def all(self, key):
        """Return each value of one kind of event."""
        return [event[key] for event in self.events if key in event]

    def until(self, key, value, longest=60):
        """Wait until something has happened."""
        for _ in range(longest * 20):
            if value in self.all(key):
                return True
            time.sleep(0.05)
        return False

    def call(self, caller=CALLER, ends=200, calls=1, rate=10, longest=40, talks=300):
        """Call. Return the number that each call was connected to; none where it was refused."""
        scenario, log = self.folder / f"caller-{ends}.xml", self.folder / "caller.log"
        scenario.write_text(telephones.caller(ends, talks))
        (self.folder / "callers.csv").write_text(f"SEQUENTIAL\n{caller}\n")
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [SIPP, "-sf", scenario, "-inf", self.folder / "callers.csv", "-i", "127.0.0.1",
             "-p", str(free_port()), "-mp", str(free_port()), "-s", CALLED, "-m", str(calls),
             "-r", str(rate), "-nostdin", "-timeout", f"{longest}s", "-timeout_error",
             "-trace_logs", "-log_file", log, f"127.0.0.1:{self.port}"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        text = log.read_text() if log.exists() else ""
        assert done.returncode == 0, f"{done.stdout[-1500:]}\n{done.stderr}\n{self.events}"
        return re.findall(r"CONNECTED_TO (\S+)", text)


@contextmanager
def kamailio(folder, file, environ=None, **given):
    """Run Kamailio with a configuration, ``given`` defined. Yield the port on which it listens."""
    port = free_port()
    defined = [f"-A{key}={value}" for key, value in {"LISTEN": _udp(port), **given}.items()]
    with (folder / f"{file.stem}.log").open("w") as log:
        process = subprocess.Popen(
            [KAMAILIO, "-DD", "-E", "-f", file, "-w", folder, "-Y", folder, "-m", "64", *defined],
            env=os.environ | (environ or {}),
            stdout=log,
            stderr=log,
        )
    try:
        _listens(port, process)
        time.sleep(0.5)  # its children take a moment more
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def playing(folder, plays):
    """Play telephones by number. Yield their addresses by number."""
    with ExitStack() as running:
        yield {
            number: f"sip:127.0.0.1:{running.enter_context(_telephone(folder, number, play))}"
            for number, play in plays.items()
        }


@contextmanager
def _telephone(folder, number, play):
    port, file = free_port(), folder / f"telephone{number}.xml"
    file.write_text(telephones.scenario(number, play))
    process = subprocess.Popen(
        [SIPP, "-sf", file, "-i", "127.0.0.1", "-p", str(port), "-mp", str(free_port()),
         "-nostdin", "-deadcall_wait", "0"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _listens(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


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


def _udp(port):
    return f"udp:127.0.0.1:{port}"


def _listens(port, process):
    """Wait until a process listens: it takes a moment to start."""
    for _ in range(750):
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        if f":{port:04X} " in Path("/proc/net/udp").read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"{process.args} does not listen")

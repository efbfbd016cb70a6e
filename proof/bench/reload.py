"""A directory that is replaced under load: what those who ask meanwhile wait."""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

import big
from serving import ROOT, free_port

from routing.store import db
from routing.store.db import Database


def reload(count, seconds=12):
    """Replace a directory of so many services twice under load; return what wrk saw, in ms."""
    with tempfile.TemporaryDirectory() as name:
        folder, port, text = Path(name), free_port(), big.directory(count)
        file = folder / "directory.yaml"
        file.write_text(text)
        (folder / "instance").mkdir()
        db.upgrade(Database("", folder / "instance"))
        environ = {"DIRECTORY": str(file), "INSTANCE_PATH": str(folder / "instance")}
        words = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "app:app"]
        process = subprocess.Popen(
            words, cwd=ROOT, env=os.environ | environ, stderr=subprocess.DEVNULL
        )
        base = f"http://127.0.0.1:{port}"
        address = f"{base}/api/v1/services/s1/decision"
        try:
            _wait(address)
            quiet = _wrk(address, seconds, lambda: None)

            def replace():
                for turn in (3, 4):
                    time.sleep(seconds / 3)
                    new = folder / "new.yaml"
                    new.write_text(text.replace("01632 960001", f"01632 96000{turn}"))
                    os.replace(new, file)

            under = _wrk(address, seconds, replace)
            _wait(f"{address}?at=2026-11-23T12:00:00Z", b"01632 960004")
        finally:
            process.terminate()
            process.wait(30)
        return {"slowest, no reload": quiet[0], "slowest": under[0], "failed": under[1]}


def _wrk(url, seconds, meanwhile):
    words = ["wrk", "-t1", "-c4", f"-d{seconds}s", "--timeout", "20s", url]
    load = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    meanwhile()
    output = load.communicate()[0]
    number, unit = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(\w+)", output).groups()
    failed = sum(map(int, re.findall(r"Non-2xx or 3xx responses: (\d+)", output)))
    failed += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", output)))
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], failed


def _wait(url, words=b""):
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        try:
            if words in urlopen(url, timeout=20).read():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError("no answer")

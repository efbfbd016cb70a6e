"""The service's own gunicorn settings, without its hooks: for what it is held beside."""

from pathlib import Path
from runpy import run_path

_OWN = run_path(str(Path(__file__).parents[2] / "gunicorn.conf.py"))
workers, worker_class, threads = _OWN["workers"], _OWN["worker_class"], _OWN["threads"]
timeout, accesslog, keepalive = _OWN["timeout"], _OWN["accesslog"], _OWN.get("keepalive", 2)
control_socket_disable = True

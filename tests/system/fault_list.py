"""Every fault that the service must endure, and the warnings that staff get of it."""

import service_faults
import storage_faults

DOWN, REFUSES = {"database_down"}, {"database_refuses"}
FAULTS = {
    "postgresql": {
        storage_faults.killed: DOWN,
        storage_faults.hung: DOWN,
        storage_faults.slow: DOWN,
        storage_faults.full: DOWN,
        storage_faults.read_only: REFUSES,
        storage_faults.put_back: set(),
    },
    "sqlite": {
        storage_faults.no_space: REFUSES,
        storage_faults.locked: REFUSES,
        storage_faults.gone: DOWN,
        storage_faults.copied_back: set(),
        service_faults.workers_killed: set(),
        service_faults.reloaded: set(),
        service_faults.stopped: set(),
        service_faults.all_killed: set(),
        service_faults.truncated: {"directory_broken"},
        service_faults.half_written: {"directory_broken"},
        service_faults.deleted: {"directory_broken"},
        service_faults.swapped: set(),
        service_faults.without_holidays: {"bank_holidays_stale"},
    },
    "stepped": {
        service_faults.back_an_hour: set(),
        service_faults.on_a_day: set(),
        service_faults.without_zones: set(),
    },
}
"""By what is served: each fault, and the warnings that staff are told of it."""


def name(fault):
    """Return what a fault is called in the table."""
    return " ".join(fault.__doc__.split()).rstrip(".")

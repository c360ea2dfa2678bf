"""Who runs operations: a process of a machine, told apart from a later one with the same number."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def machine() -> str:
    """How the names of this machine's workers begin."""
    return f"{socket.gethostname()[:60]}:"


def worker_name() -> str:
    """Who this process is: machine, process id, and when that process started, since ids come again."""
    return f"{machine()}{os.getpid()}:{since(os.getpid())}"


def is_alive(worker: str) -> bool:
    """Whether the process of that name, one of this machine, still runs."""
    _, pid, started = worker.rsplit(":", 2)
    if Path("/proc").is_dir() and started:
        return since(int(pid)) == started
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def since(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty where the system does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]

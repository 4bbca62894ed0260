"""Starts and stops the servers under test: each fresh, alone, with an empty folder for its data, on one core."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness.plan import SOCKET_IO, TIDEMARK, TUTORIAL

TUTORIAL_FOLDER = Path(__file__).resolve().parent.parent / "peers" / "tutorial"
READY = "event=serving"
START_SECONDS = 30
STOP_SECONDS = 20


class CannotMeasure(Exception):
    """Said to the user without a traceback."""


def install_tutorial() -> None:
    """Only when it is needed, and only once. Without a ready-made binary npm compiles sqlite3: a minute."""
    if (TUTORIAL_FOLDER / "node_modules" / "sqlite3" / "build" / "Release" / "node_sqlite3.node").exists():
        return
    if not shutil.which("npm"):
        raise CannotMeasure("npm is missing; without the peers: --servers tidemark,bare")
    print("installing the tutorial's server (npm ci in bench/peers/tutorial) ...", flush=True)
    done = subprocess.run(["npm", "ci"], cwd=TUTORIAL_FOLDER, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise CannotMeasure(f"npm ci failed in bench/peers/tutorial:\n{done.stderr[-2000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command_for(server: str, tidemark: str, backend: str, port: int, data: str, options: tuple[str, ...]) -> list[str]:
    if server == TIDEMARK:
        command = [tidemark, "serve", "--backend", backend, "--data", data, "--host", "127.0.0.1"]
        return command + ["--port", str(port), "--io-threads", "1", "--channel", "/", "--channel", "/chat/*", *options]
    storage = {TUTORIAL: "sqlite", SOCKET_IO: "none"}[server]
    script = str(TUTORIAL_FOLDER / "server.js")
    return ["node", script, "--port", str(port), "--data", data, "--storage", storage]


@contextlib.contextmanager
def running(
    server: str, tidemark: str, backend: str, data_parent: str, cpu: int | None, options: tuple[str, ...] = ()
):
    """Yields (pid, port) of a server that is ready; `options` are for Tidemark."""
    data = tempfile.mkdtemp(prefix="tidemark-bench-", dir=data_parent)
    port = free_port()
    errors = Path(data) / "stderr"

    def prepare():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    process = None
    try:
        command = command_for(server, tidemark, backend, port, str(Path(data) / "data"), options)
        (Path(data) / "data").mkdir()
        with errors.open("w") as stream:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, preexec_fn=prepare
            )
        deadline = time.monotonic() + START_SECONDS
        while READY not in errors.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotMeasure(f"{server} does not start:\n{errors.read_text()[-2000:]}")
            time.sleep(0.02)
        yield process.pid, port
        if process.poll() is not None:
            raise CannotMeasure(f"{server} has died:\n{errors.read_text()[-2000:]}")
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(data)

"""The command line: which measurements, how often, and the rounds themselves."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import plan, servers, table

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET_LOAD = 0.7  # one-minute load average above which the figures are not worth much
RUN_SECONDS = 300  # the generator ends by itself long before


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description="Measures Tidemark beside its yardsticks.")
    parser.add_argument("modes", nargs="*", metavar="MODE", help=f"of {', '.join(plan.MODES)}; default: all")
    parser.add_argument("--rounds", type=int, default=3, help="of every measurement, interleaved (3)")
    parser.add_argument("--seconds", type=float, default=5, help="measured in each run, after a second of warm-up (5)")
    parser.add_argument("--quick", action="store_true", help="one short round of the essentials: a look, no result")
    parser.add_argument("--servers", default=",".join(plan.SERVERS), help="which of these take part")
    parser.add_argument("--only", default="", metavar="TEXT", help="only measurements with TEXT in their name")
    parser.add_argument("--backend", default="sqlite", help="Tidemark's storage engine (sqlite)")
    parser.add_argument("--data", metavar="DIR", help="where the servers keep their data (default: build/)")
    parser.add_argument("--json", metavar="FILE", help="append every run's report to FILE")
    options = parser.parse_args()
    if unknown := [mode for mode in options.modes if mode not in plan.MODES]:
        parser.error(f"no such mode: {', '.join(unknown)} (there are {', '.join(plan.MODES)})")
    options.servers = options.servers.split(",")
    if unknown := [server for server in options.servers if server not in plan.SERVERS]:
        parser.error(f"no such server: {', '.join(unknown)} (there are {', '.join(plan.SERVERS)})")
    return options


def build_generator() -> str:
    if given := os.environ.get("TIDEMARK_LOAD"):
        return given
    build = ROOT / "build"
    if not (build / "build.ninja").exists():
        raise servers.CannotMeasure("nothing is built yet: ./dev build, or name the generator in TIDEMARK_LOAD")
    if subprocess.run(["ninja", "-C", str(build), "bench/load"], stdout=subprocess.DEVNULL).returncode != 0:
        raise servers.CannotMeasure("the load generator does not build: ninja -C build bench/load")
    return str(build / "bench" / "load")


def data_folder(options) -> str:
    build = ROOT / "build"
    return options.data or str(build if build.is_dir() else tempfile.gettempdir())


def file_system(folder: str) -> str:
    """The kind of the file system that `folder` is on: of all mounts that lead to it, the deepest."""
    path = str(Path(folder).resolve())
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    leading = [(place, kind) for place, kind in mounts if (path + "/").startswith(place.rstrip("/") + "/")]
    return max(leading, key=lambda mount: len(mount[0]))[1]


class Machine:
    """One core for the server and one for the generator, where there are two."""

    def __init__(self):
        cores = sorted(os.sched_getaffinity(0))
        self.server_cpu, self.generator_cpu = (cores[0], cores[1]) if len(cores) > 1 else (None, None)

    def describe(self, data: str) -> str:
        model = next(
            (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
            platform.machine(),
        )
        load = os.getloadavg()[0]
        text = f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, load average {load:.2f}"
        if self.server_cpu is None:
            text += "\nOnly one core: server and generator share it, and the figures are not comparable."
        if file_system(data) in ("tmpfs", "ramfs"):
            text += f"\n{data} is memory, where durable costs nothing: name a folder on a disk with --data."
        if load > QUIET_LOAD:
            text += "\nThe machine is busy with something else: trust the ratios a little and the times not at all."
        return text


def run_once(measurement: plan.Measurement, server: str, options, machine: Machine, generator: str, frame_bytes: float):
    mode = "bare" if server == plan.BARE else measurement.mode
    arguments = measurement.bare_arguments if server == plan.BARE else measurement.arguments
    command = [generator, mode, "--label", server, *arguments]
    if mode != "idle":
        command += ["--seconds", str(options.seconds), "--warm-up", "0.5" if options.quick else "1"]

    def pin():
        if machine.generator_cpu is not None:
            os.sched_setaffinity(0, {machine.generator_cpu})

    def measure(where: list[str]) -> dict:
        try:
            done = subprocess.run(command + where, capture_output=True, text=True, preexec_fn=pin, timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise servers.CannotMeasure("the generator does not end") from None
        if done.returncode != 0:
            raise servers.CannotMeasure(done.stderr.strip())
        return json.loads(done.stdout)

    if server == plan.BARE:
        cpu = [] if machine.server_cpu is None else ["--server-cpu", str(machine.server_cpu)]
        return measure(["--frame-bytes", str(round(frame_bytes)), *cpu])
    with servers.running(server, tidemark(), options.backend, options.data, machine.server_cpu, measurement.tidemark_options) as (
        pid,
        port,
    ):
        return measure(["--port", str(port), "--pid", str(pid)])


def tidemark() -> str:
    return os.environ.get("TIDEMARK_BIN", str(ROOT / "build" / "tidemark"))


def run_rounds(measurements: list[plan.Measurement], wanted: list[str], options, machine: Machine, generator: str):
    """A B bare, B bare A, ... so that no server always runs first."""
    results: list[tuple[plan.Measurement, list[dict]]] = [(each, []) for each in measurements]
    frame_bytes = 156.0  # of Tidemark's deliveries, until one was measured
    failures = []
    for round_number in range(options.rounds):
        for measurement, rounds in results:
            taking_part = [each for each in measurement.servers if each in wanted]
            turn = round_number % max(len(taking_part), 1)
            reports = {}
            for server in taking_part[turn:] + taking_part[:turn]:
                title = f"round {round_number + 1}/{options.rounds}: {measurement.name}: {server}"
                try:
                    report = run_once(measurement, server, options, machine, generator, frame_bytes)
                except servers.CannotMeasure as why:
                    failures.append(f"{title}: {why}")
                    print(failures[-1], file=sys.stderr, flush=True)
                    continue
                reports[server] = report
                shown = ", ".join(f"{row.title} {table.short(report[row.value])}" for row in measurement.rows)
                print(f"{title}: {shown}", file=sys.stderr, flush=True)
                if server == plan.TIDEMARK:
                    frame_bytes = report.get("bytes_per_delivery", frame_bytes)
                if options.json:
                    with open(options.json, "a") as out:
                        out.write(json.dumps({"measurement": measurement.name, "round": round_number + 1} | report) + "\n")
            rounds.append(reports)
    return results, failures


def main() -> int:
    options = parse()
    options.data = data_folder(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the clean-up of what was started
    if options.quick:
        options.rounds, options.seconds = 1, min(options.seconds, 1.5)
    wanted = options.servers
    modes = options.modes or plan.MODES
    measurements = [
        each
        for each in plan.PLAN
        if each.mode in modes and options.only in each.name and (each.in_quick or not options.quick)
    ]
    try:
        generator = build_generator()
        if plan.TIDEMARK in wanted and not os.access(tidemark(), os.X_OK):
            raise servers.CannotMeasure(f"no server at {tidemark()}: ./dev build, or name it in TIDEMARK_BIN")
        if plan.TUTORIAL in wanted or plan.SOCKET_IO in wanted:
            servers.install_tutorial()
    except servers.CannotMeasure as why:
        print(f"bench/run: {why}", file=sys.stderr)
        return 1

    machine = Machine()
    print(machine.describe(options.data), flush=True)
    try:
        results, failures = run_rounds(measurements, wanted, options, machine, generator)
    except KeyboardInterrupt:
        return 130
    print(f"\nmedian [lowest-highest] of {options.rounds} interleaved rounds, ratios per round")
    print(table.render(results))
    broken = table.broken_promises(results)
    if plan.TIDEMARK in wanted and not broken:
        print("\nEvery subscriber of Tidemark got every message once and in order.")
    for each in broken:
        print(f"\nBROKEN PROMISE: {each}")
    for each in failures:
        print(f"\nno result: {each}")
    return 1 if broken or failures else 0

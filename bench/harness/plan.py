"""What is measured: the load of each measurement, the servers that get it, and the rows of the table with their budgets.

The budgets are those of the design, as ratios within one run, because absolute times belong to a machine.
"""

from dataclasses import dataclass

SERVERS = TIDEMARK, TUTORIAL, SOCKET_IO, BARE = "tidemark", "tutorial", "socket.io", "bare"

# Raw uWebSockets without storage took 0.39 us per delivery with 32 in flight where a bare send(), one message at a
# time, took 4.5 us. It is not part of this run, so its budget (0.8 x) is scaled by the bare loop, which is.
UWEBSOCKETS_SATURATED = 0.8 * 0.39 / 4.5


@dataclass(frozen=True)
class Budget:
    factor: float
    against: str | None = None  # a server of the same measurement; None: an absolute value
    at_least: bool = False

    def text(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.factor:.3g}{' x' if self.against else ''}"

    def met(self, value: float) -> bool:
        return value >= self.factor if self.at_least else value <= self.factor


@dataclass(frozen=True)
class Row:
    title: str
    value: str  # the field of the generator's report
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True)
class Measurement:
    name: str
    mode: str  # of the generator, and what is selected on the command line
    arguments: tuple[str, ...]
    servers: tuple[str, ...]
    rows: tuple[Row, ...]
    in_quick: bool = True
    bare_arguments: tuple[str, ...] = ()


def fanout(name: str, clients: int, how: str, servers: tuple[str, ...], rows: tuple[Row, ...], in_quick: bool = True):
    """The bare server gets one message at a time, whatever the others get: a send() for each delivery."""
    crowd = ("--clients", str(clients))
    return Measurement(name, "fanout", crowd + tuple(how.split()), servers, rows, in_quick, bare_arguments=crowd)


def cpu(*budgets: Budget) -> Row:
    return Row("server CPU, us per delivery", "cpu_us_per_delivery", budgets)


LATENCY = (Row("latency p50, us", "latency_p50_us"), Row("latency p99, us", "latency_p99_us"))

PLAN = (
    fanout(
        "fan-out to 1000, one at a time",
        1000,
        "",
        (TIDEMARK, TUTORIAL, SOCKET_IO, BARE),
        (cpu(Budget(1.05, BARE), Budget(0.45, SOCKET_IO)), *LATENCY),
    ),
    fanout(
        "fan-out to 1000, 32 publishers in flight",
        1000,
        "--publishers 32",
        (TIDEMARK, TUTORIAL, BARE),
        (
            cpu(Budget(0.03, TUTORIAL), Budget(UWEBSOCKETS_SATURATED, BARE)),
            Row("deliveries per second", "deliveries_per_s"),
            *LATENCY,
        ),
    ),
    fanout(
        "fan-out to 1000, 50 messages per second",
        1000,
        "--rate 50",
        (TIDEMARK, TUTORIAL, BARE),
        (cpu(), *LATENCY),
        in_quick=False,
    ),
    fanout(
        "fan-out to 100, one at a time",
        100,
        "",
        (TIDEMARK, TUTORIAL, BARE),
        (cpu(), *LATENCY),
        in_quick=False,
    ),
    fanout(
        "fan-out to 5000, one at a time",
        5000,
        "",
        (TIDEMARK, TUTORIAL, BARE),
        (cpu(), *LATENCY),
        in_quick=False,
    ),
    Measurement(
        "append, 1 publisher",
        "append",
        ("--publishers", "1", "--channel-per-publisher"),
        (TIDEMARK, TUTORIAL),
        (
            Row("acknowledged per second", "acked_per_s"),
            Row("server CPU, us per append", "cpu_us_per_append"),
            Row("acknowledgement p50, us", "ack_p50_us"),
            Row("acknowledgement p99, us", "ack_p99_us"),
        ),
    ),
    Measurement(
        "append, 128 publishers",
        "append",
        ("--publishers", "128", "--channel-per-publisher"),
        (TIDEMARK, TUTORIAL),
        (
            Row("acknowledged per second", "acked_per_s", (Budget(50, TUTORIAL, at_least=True),)),
            Row("server CPU, us per append", "cpu_us_per_append"),
            Row("acknowledgement p50, us", "ack_p50_us"),
            Row("acknowledgement p99, us", "ack_p99_us"),
        ),
    ),
    Measurement(
        "10000 idle connections",
        "idle",
        ("--clients", "10000"),
        (TIDEMARK, TUTORIAL),
        (
            Row("server RSS, KB per connection", "rss_kb_per_connection", (Budget(1.5),)),
            Row("server CPU, us per join", "cpu_us_per_join"),
        ),
    ),
    Measurement(
        "storm: 1000 back, 200 missed, session recovered",
        "storm",
        ("--recover", "session"),
        (TIDEMARK, TUTORIAL),
        (
            Row("server CPU, us per delivery", "cpu_us_per_delivery", (Budget(0.04, TUTORIAL),)),
            Row("until all have everything, s", "all_have_everything_s"),
            Row("server RSS peak, KB", "rss_peak_kb"),
        ),
    ),
    Measurement(
        "storm: 1000 back, 200 missed, replay by serverOffset",
        "storm",
        ("--recover", "serverOffset"),
        (TIDEMARK, TUTORIAL),
        (
            Row("server CPU, us per delivery", "cpu_us_per_delivery", (Budget(0.04, TUTORIAL),)),
            Row("until all have everything, s", "all_have_everything_s"),
            Row("server RSS peak, KB", "rss_peak_kb"),
        ),
    ),
)

MODES = ("fanout", "append", "idle", "storm")

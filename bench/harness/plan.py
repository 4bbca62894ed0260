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
    tidemark_options: tuple[str, ...] = ()  # beside those of every run


def fanout(name: str, clients: int, how: str, servers: tuple[str, ...], rows: tuple[Row, ...], in_quick: bool = True):
    """The bare server gets one message at a time, whatever the others get: a send() for each delivery."""
    crowd = ("--clients", str(clients))
    return Measurement(name, "fanout", crowd + tuple(how.split()), servers, rows, in_quick, bare_arguments=crowd)


def cpu(*budgets: Budget) -> Row:
    return Row("server CPU, us per delivery", "cpu_us_per_delivery", budgets)


LATENCY = (Row("latency p50, us", "latency_p50_us"), Row("latency p99, us", "latency_p99_us"))

STORM = (
    Row("server CPU, us per delivery", "cpu_us_per_delivery", (Budget(0.04, TUTORIAL),)),
    Row("until all have everything, s", "all_have_everything_s"),
    Row("server RSS peak, KB", "rss_peak_kb"),
)

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
        "append, 10 publishers beside 100 that flood",
        "fair",
        ("--publishers", "10", "--flooders", "100"),
        (TIDEMARK, TUTORIAL),
        (
            Row("acknowledgement p50, us", "ack_p50_us"),
            Row("acknowledgement p99, us", "ack_p99_us"),
            Row("the same without the flood, p50", "ack_p50_us_no_flood"),
            Row("the same without the flood, p99", "ack_p99_us_no_flood"),
            Row("the flood's acknowledged per second", "flood_acked_per_s"),
        ),
        in_quick=False,
    ),
    Measurement(
        "fan-out to 1000, 500 of them stalled, one of those at a byte a second",
        "slow",
        ("--clients", "1000", "--stalled", "500", "--trickling", "1", "--publishers", "32"),
        (TIDEMARK,),
        (
            Row("server CPU, us per delivery", "cpu_us_per_delivery"),
            Row("the same, none stalled", "cpu_us_per_delivery_none_stalled"),
            Row("deliveries per second", "deliveries_per_s"),
            Row("the same, none stalled", "deliveries_per_s_none_stalled"),
            Row("server RSS grown, KB per stalled client", "rss_kb_per_stalled"),
            Row("until the stalled have everything, s", "caught_up_s"),
        ),
        in_quick=False,
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
        STORM,
    ),
    Measurement(
        "storm: 1000 back, 500 missed, from memory",
        "storm",
        ("--recover", "session", "--messages", "500"),
        (TIDEMARK, TUTORIAL),
        STORM,
        in_quick=False,
    ),
    Measurement(
        # A tail nobody has read for longer than the recovery window is given back.
        "storm: 1000 back, 500 missed, from the store",
        "storm",
        ("--recover", "serverOffset", "--messages", "500", "--away", "4"),
        (TIDEMARK, TUTORIAL),
        (*STORM, Row("clients whose records came from the store", "replayed", (Budget(1000, at_least=True),))),
        in_quick=False,
        tidemark_options=("--recovery-window", "1000"),
    ),
    Measurement(
        "storm: 1000 back, 200 missed, replay by serverOffset",
        "storm",
        ("--recover", "serverOffset"),
        (TIDEMARK, TUTORIAL),
        STORM,
    ),
)

MODES = ("fanout", "append", "fair", "idle", "slow", "storm")

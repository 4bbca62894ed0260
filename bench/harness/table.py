"""Medians, ratios and verdicts over the rounds of one measurement.

A ratio is the median of the ratios of the rounds, not the ratio of the medians: the servers of one round ran within
the same minute, so what disturbed the machine disturbed them all.
"""

from statistics import median

from harness.plan import BARE, SOCKET_IO, TIDEMARK, TUTORIAL, Budget, Measurement, Row

COLUMNS = ("", "Tidemark", "tutorial", "bare send()", "against", "ratio", "budget", "")


def short(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def values(rounds: list[dict], server: str, field: str) -> list[float]:
    return [each[server][field] for each in rounds if field in each.get(server, {})]


def cell(rounds: list[dict], server: str, field: str) -> str:
    found = values(rounds, server, field)
    if not found:
        return ""
    if len(found) == 1:
        return short(found[0])
    return f"{short(median(found))} [{short(min(found))}-{short(max(found))}]"


def ratio(rounds: list[dict], against: str, field: str) -> float | None:
    ratios = [
        each[TIDEMARK][field] / each[against][field]
        for each in rounds
        if field in each.get(TIDEMARK, {}) and each.get(against, {}).get(field)
    ]
    return median(ratios) if ratios else None


def budget_cells(rounds: list[dict], row: Row, budget: Budget | None) -> tuple[str, str, str, str]:
    if budget is None:
        value = ratio(rounds, TUTORIAL, row.value)
        return ("", "", "", "") if value is None else (TUTORIAL, f"{value:.3g} x", "", "")
    if budget.against is None:
        found = values(rounds, TIDEMARK, row.value)
        if not found:
            return "", "", budget.text(), ""
        return "", "", budget.text(), "pass" if budget.met(median(found)) else "MISS"
    value = ratio(rounds, budget.against, row.value)
    against = budget.against
    if against == SOCKET_IO and value is not None:
        against += f" ({short(median(values(rounds, SOCKET_IO, row.value)))})"
    if value is None:
        return against, "", budget.text(), ""
    return against, f"{value:.3g} x", budget.text(), "pass" if budget.met(value) else "MISS"


def lines_of(measurement: Measurement, rounds: list[dict]) -> list[tuple[str, ...]]:
    lines = []
    for row in measurement.rows:
        cells = tuple(cell(rounds, server, row.value) for server in (TIDEMARK, TUTORIAL, BARE))
        for i, budget in enumerate(row.budgets or (None,)):
            head = (row.title, *cells) if i == 0 else ("", "", "", "")
            lines.append(head + budget_cells(rounds, row, budget))
    return lines


def render(results: list[tuple[Measurement, list[dict]]]) -> str:
    blocks = [(measurement.name, lines_of(measurement, rounds)) for measurement, rounds in results]
    every_line = [COLUMNS] + [line for _, lines in blocks for line in lines]
    widths = [max(len(line[i]) for line in every_line) for i in range(len(COLUMNS))]

    def text(line: tuple[str, ...]) -> str:
        first = line[0].ljust(widths[0])
        return "  ".join([first] + [each.rjust(width) for each, width in zip(line[1:], widths[1:])]).rstrip()

    out = [text(COLUMNS)]
    for name, lines in blocks:
        out += ["", name] + [text(line) for line in lines]
    return "\n".join(out)


def broken_promises(results: list[tuple[Measurement, list[dict]]]) -> list[str]:
    """What must never happen, whatever the speed: a subscriber of Tidemark without all of it, once, in order."""
    found = []
    for measurement, rounds in results:
        for report in (each[TIDEMARK] for each in rounds if TIDEMARK in each):
            wrong = {
                name: report[name]
                for name in ("lost", "repeated", "out_of_order", "offset_breaks", "refused", "unacknowledged")
                if report.get(name)
            }
            if wrong:
                found.append(f"{measurement.name}: " + ", ".join(f"{name} {count}" for name, count in wrong.items()))
            if report.get("recover") == "session" and report["recovered"] != report["clients"]:
                found.append(f"{measurement.name}: {report['recovered']} of {report['clients']} sessions recovered")
    return found

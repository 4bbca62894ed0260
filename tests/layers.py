#!/usr/bin/env python3
"""Checks that #include lines point one way, from the upper layers to the lower ones (DESIGN: layout).

    tests/layers.py [ROOT]      exit code 1 and one line per wrong include, else silence and 0

Tests and benchmarks may include anything; nothing else may include them.
"""

import re
import sys
from pathlib import Path

# Layer: the layers it may include beside itself, from the lowest up.
LAYERS = {
    "src/base": set(),
    "protocol": {"src/base"},
    "src/log": {"src/base"},
    "backends": {"src/base", "src/log"},
    "web": set(),
    "src/config": {"src/base"},
    "src/hub": {"src/base", "src/log"},
    "src/server": {"src/base", "protocol", "src/log", "web", "src/config", "src/hub"},
    "src/cli": {"src/base", "protocol", "src/log", "backends", "web", "src/config", "src/hub", "src/server"},
}
FREE = ("tests", "bench")

SUFFIXES = {".h", ".hpp", ".cpp", ".cc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def layer_of(path):
    """The layer a path from the root lies in: "src/log" for src/log/log.h, "protocol" for protocol/http/http.h."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] == "src" else parts[0]


def own_files(root):
    for top in ("src", "backends", "protocol", "web"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path


def complaint(layer, quote, included):
    """What is wrong with one include line of a file in `layer`, or None."""
    target = layer_of(included)
    known = target in LAYERS or target.split("/")[0] in FREE
    if quote == "<":
        return f"<{included}> is ours: write it in quotes" if known and "/" in included else None
    if not known:
        return f'"{included}" is not written from the project\'s root'
    if target == layer or target in LAYERS[layer]:
        return None
    may = ", ".join(sorted(LAYERS[layer])) or "no other layer"
    return f"{layer} must not include {included} (it may include {may})"


def check(root):
    """Lines "file:line: complaint" for everything under `root`."""
    complaints = []
    for path in own_files(root):
        name = path.relative_to(root).as_posix()
        layer = layer_of(name)
        if layer not in LAYERS:
            complaints.append(f"{name}:1: {layer} is no layer; give it a line in tests/layers.py")
            continue
        text = path.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            wrong = complaint(layer, match[1], match[2])
            if wrong:
                line = text.count("\n", 0, match.start(1)) + 1
                complaints.append(f"{name}:{line}: {wrong}")
    return complaints


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    complaints = check(root)
    for line in complaints:
        print(line, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

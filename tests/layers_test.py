#!/usr/bin/env python3
"""The check of the layers finds what it is for."""

import tempfile
import unittest
from pathlib import Path

import layers


class Layers(unittest.TestCase):
    def complaints(self, files):
        """What the check says of a tree with these files: path -> text."""
        with tempfile.TemporaryDirectory() as directory:
            for name, text in files.items():
                path = Path(directory) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return layers.check(Path(directory))

    def test_includes_that_point_down_are_fine(self):
        self.assertEqual(
            self.complaints(
                {
                    "src/hub/hub.h": '#include "src/log/log.h"\n#include "src/hub/tail.h"\n#include <vector>\n',
                    "src/cli/main.cpp": '#include "backends/registry.h"\n#include "src/server/server.h"\n',
                    "protocol/http/http.h": '#include "src/base/error.h"\n#include "protocol/json/json.h"\n',
                }
            ),
            [],
        )

    def test_an_include_that_points_up_is_named_with_its_line(self):
        (line,) = self.complaints({"src/base/offset.h": '#pragma once\n\n#include "src/log/log.h"\n'})
        self.assertTrue(line.startswith("src/base/offset.h:3: src/base must not include src/log/log.h"), line)

    def test_each_forbidden_direction_is_found(self):
        for name, included in [
            ("src/log/a.h", "src/hub/hub.h"),
            ("src/log/a.h", "backends/registry.h"),
            ("src/hub/a.h", "src/server/server.h"),
            ("src/hub/a.h", "protocol/socketio/socketio.h"),
            ("src/server/a.h", "src/cli/main.h"),
            ("src/server/a.h", "backends/registry.h"),
            ("backends/sqlite/a.cpp", "src/hub/hub.h"),
            ("protocol/http/a.cpp", "src/log/log.h"),
            ("src/config/a.h", "src/log/log.h"),
            ("web/a.h", "src/server/server.h"),
            ("src/cli/a.cpp", "tests/unit/support.h"),
            ("src/cli/a.cpp", "bench/load/options.h"),
        ]:
            with self.subTest(file=name, included=included):
                self.assertEqual(len(self.complaints({name: f'  #  include "{included}"\n'})), 1)

    def test_an_include_is_written_from_the_root_and_in_quotes(self):
        self.assertEqual(len(self.complaints({"src/log/a.cpp": '#include "log.h"\n'})), 1)
        self.assertEqual(len(self.complaints({"src/log/a.cpp": '#include "../base/error.h"\n'})), 1)
        self.assertEqual(len(self.complaints({"src/log/a.cpp": "#include <src/hub/hub.h>\n"})), 1)

    def test_a_new_folder_needs_its_place_among_the_layers(self):
        self.assertEqual(len(self.complaints({"src/new/a.h": "#pragma once\n"})), 1)

    def test_tests_and_benchmarks_may_include_anything(self):
        self.assertEqual(
            self.complaints({"tests/a.cpp": '#include "src/cli/main.h"\n', "bench/b.cpp": '#include "bench/c.h"\n'}), []
        )


if __name__ == "__main__":
    unittest.main()

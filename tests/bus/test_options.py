# SPDX-License-Identifier: MIT
"""Exit statuses and messages: what scripts and CI rely on."""
import os
import tempfile
import unittest

import daemon

GOOD = daemon.one_meter()


class Options(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_version_and_help(self):
        done = daemon.run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^metersimd \d+\.\d+\.\d+\n$")
        done = daemon.run("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--config", "--check", "--seed", "--speed", "--log", "--version", "--help"):
            self.assertIn(option, done.stdout)

    def test_usage(self):
        for args in (["--nonsense"], ["file.yaml"], ["--seed", "x"], ["--speed", "-1"],
                     ["--speed", "nan"], ["--log", "loud"], ["--config"],
                     ["--config", "a", "--check", "b"]):
            done = daemon.run(*args)
            self.assertEqual(done.returncode, 64, args)
            self.assertNotEqual(done.stderr, "")
            self.assertEqual(done.stdout, "")

    def test_no_such_input(self):
        for option in ("--config", "--check"):
            done = daemon.run(option, os.path.join(self.folder, "missing.yaml"))
            self.assertEqual(done.returncode, 66, done.stderr)
            self.assertIn("missing.yaml", done.stderr)
        done = daemon.run("--config", self.folder)
        self.assertEqual(done.returncode, 66, done.stderr)

    def test_check(self):
        for name in ("conf/models/pro380-mod.yaml", "conf/examples/demo.yaml",
                     "scenarios/household.yaml"):
            done = daemon.run("--check", os.path.join(daemon.TOP, name))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("valid", done.stdout)
        done = daemon.run("--check", self.file("good.yaml", GOOD))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_bad_configuration_tells_all(self):
        path = self.file("bad.yaml", GOOD.replace("voltage: 230", "voltage: 2300")
                         .replace("serial:", "seriall:").replace("current: [10, 5, 2]",
                                                                "current: [10, 5]"))
        for option in ("--check", "--config"):
            done = daemon.run(option, path)
            self.assertEqual(done.returncode, 78, done.stderr)
            lines = done.stderr.splitlines()
            self.assertEqual(len(lines), 3, done.stderr)
            for line in lines:
                self.assertRegex(line, r"bad\.yaml:\d+:\d+: ")
            self.assertIn("did you mean 'serial'?", done.stderr)
            self.assertIn("out of range 0..480", done.stderr)

    def test_port_that_cannot_be_opened(self):
        self.file("port", "something else")
        done = daemon.run("--config", self.file("bench.yaml", GOOD))
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn("exists and is not a dangling link", done.stderr)
        self.assertTrue(os.path.isfile(os.path.join(self.folder, "port")))

    def test_recording_that_is_missing(self):
        done = daemon.run("--config", self.file("bench.yaml", daemon.one_meter(
            meter="    recording: nowhere.csv")))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("nowhere.csv", done.stderr)


if __name__ == "__main__":
    daemon.main()

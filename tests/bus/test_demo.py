# SPDX-License-Identifier: MIT
"""The demo bench, used as the README shows: start, copy, read."""
import os
import re
import subprocess
import unittest

import daemon


def mbpoll(path, *args):
    done = subprocess.run(["mbpoll", "-m", "rtu", "-a", "1", "-b", "9600", *args, "-1", path],
                          capture_output=True, text=True, timeout=20, check=False)
    values = re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.M)
    return done.returncode, values, done.stdout + done.stderr


class Demo(daemon.DaemonTest):
    def setUp(self):
        self.start()
        self.path = self.daemon.path("metersim/rs485")

    def test_banner_can_be_copied(self):
        commands = re.findall(r"^  (mbpoll .*)$", self.daemon.banner, re.M)
        self.assertEqual(len(commands), 3, self.daemon.banner)
        for command in commands:
            words = command.split()
            if "-1" not in words:
                words.insert(1, "-1")
            done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"\[\d+\]:")

    def test_three_voltages_twice_with_each_parity(self):
        for parity in ("none", "none", "even", "even", "odd", "even"):
            status, values, text = mbpoll(self.path, "-P", parity, "-t", "4:float", "-B", "-0",
                                          "-r", "0x5002", "-c", "3")
            self.assertEqual(status, 0, text)
            self.assertEqual(len(values), 3, text)
            for value in values:
                self.assertTrue(220 < float(value) < 242, text)

    def test_blocks_in_one_request(self):
        for first, count in (("0x4000", 32), ("0x5000", 50), ("0x6000", 75)):
            status, values, text = mbpoll(self.path, "-P", "none", "-t", "4:hex", "-0", "-r",
                                          first, "-c", str(count))
            self.assertEqual(status, 0, text)
            self.assertEqual(len(values), count, text)

    def test_link_goes_with_the_daemon(self):
        self.assertTrue(os.path.islink(self.path))
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertFalse(os.path.lexists(self.path))


if __name__ == "__main__":
    daemon.main()

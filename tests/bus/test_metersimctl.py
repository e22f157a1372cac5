# SPDX-License-Identifier: MIT
"""metersimctl against a running daemon: tables, JSON, exit statuses, waiting, the live screen."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

import daemon

METERSIMCTL = os.environ["METERSIMCTL"]
COMPLETION = os.path.join(daemon.TOP, "tools/metersimctl.bash-completion")


class Screen:
    """What a terminal shows: the few things that the screen of watch uses, and nothing else."""

    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.lines = [""] * rows
        self.row = self.column = 0
        self.alternate = self.hidden = False

    def control(self, parameters, letter):
        if letter == "H":
            self.row, self.column = [int(p) - 1 for p in parameters.split(";")]
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J":
            self.lines[self.row + 1:] = [""] * (self.rows - self.row - 1)
        elif parameters == "?1049":
            self.alternate = letter == "h"
        elif parameters == "?25":
            self.hidden = letter == "l"
        elif letter != "m":
            raise AssertionError(f"unknown: ESC [ {parameters}{letter}")

    def feed(self, text):
        for parameters, letter, plain in re.findall(r"\x1b\[([?\d;]*)([a-zA-Z])|([^\x1b]+)", text):
            if letter:
                self.control(parameters, letter)
                continue
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + plain + line[self.column + len(plain):]
            self.column += len(plain)
            if self.column > self.columns:
                raise AssertionError("too long: " + self.lines[self.row])


class CtlTest(daemon.DaemonTest):
    def start_ctl(self, config=None, args=()):
        self.start(config or daemon.one_meter(), args)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=self.daemon.folder)
        self.environment.pop("RUNTIME_DIRECTORY", None)

    def ctl(self, *args, status=0, **kwargs):
        """What it prints; fails the test if it ends with another status."""
        done = subprocess.run([METERSIMCTL, *args], capture_output=True, text=True, check=False,
                              env=self.environment, timeout=30, **kwargs)
        self.assertEqual(done.returncode, status, (args, done.stdout, done.stderr))
        self.assertEqual(done.stderr != "", status != 0, done.stderr)
        return done.stdout if status == 0 else done.stderr


class Ctl(CtlTest):
    def test_get_and_set(self):
        self.start_ctl()
        self.assertEqual(self.ctl("get", "voltage.l1", "--value"), "230.0\n")
        self.assertRegex(self.ctl("get", "voltage.l1", "frequency"),
                         r"^voltage.l1 +230.0 V\nfrequency +50.00 Hz\n$")
        self.assertGreater(len(self.ctl("get").splitlines()), 80)
        got = json.loads(self.ctl("--json", "get", "current.l3"))
        self.assertEqual((got["meter"], got["points"][0]["value"]), ("main", -2.0))
        self.assertRegex(self.ctl("set", "setting.parity", "odd"), r"setting.parity +3\n")
        self.assertIn("cannot be set", self.ctl("set", "voltage.l1", "5", status=1))
        self.assertIn("2400, 4800", self.ctl("set", "setting.baud", "5", status=1))
        self.assertIn("did you mean", self.ctl("get", "voltage.l5", status=66))
        self.ctl("get", "a/b", status=66)
        self.ctl("get", "voltage.l1", "--meter", "other", status=66)

    def test_status_lines_and_log(self):
        self.start_ctl(args=("--speed", "0"))
        text = self.ctl("status")
        self.assertIn("speed 0", text)
        self.assertIn("pro380-mod", text)
        self.assertIn(self.daemon.path("port"), text)
        with daemon.Port(self.daemon.path("port")) as port:
            port.write(daemon.crc(bytes.fromhex("010350020002")))
            port.read(9)
        self.assertRegex(self.ctl("lines"), r"rs485 +Modbus RTU +1 meter +1 requests +1 answers")
        self.assertIn("requests: 1, answers: 1", self.ctl("verdict"))
        self.assertIn("requests: 1, answers: 1", self.ctl("verdict", "rs485"))
        self.ctl("verdict", "nothing", status=66)
        self.assertEqual(json.loads(self.ctl("verdict", "rs485", "--json"))["verdict"]["requests"], 1)
        self.assertEqual(self.ctl("speed", "60"), "60\n")
        self.assertEqual(self.ctl("speed"), "60\n")
        self.ctl("speed", "-1", status=1)
        self.ctl("speed", "fast", status=64)
        self.assertIn("speed 60", self.ctl("log", "1"))
        self.assertIn("none", self.ctl("capture"))
        self.ctl("capture", "on", status=1)
        self.ctl("capture", "maybe", status=64)

    def test_world(self):
        self.start_ctl()
        self.assertRegex(self.ctl("world", "set", "load.angle", "-30"), r"load.angle +-30 -30 -30 deg")
        self.assertRegex(self.ctl("world", "set", "load.current", "1", "2 A", "3"), r" 1 2 3 A")
        self.assertRegex(self.ctl("world", "get", "grid.voltage"), r"^grid.voltage +230 230 230 V\n$")
        self.assertGreaterEqual(len(self.ctl("world", "get").splitlines()), 7)
        self.assertIn("out of range", self.ctl("world", "set", "grid.voltage", "900", status=1))
        self.ctl("world", "set", "grid.voltage", status=64)
        self.ctl("world", "get", "grid.nothing", status=66)
        self.ctl("wait", "current.l2 == 2", "--timeout", "10s")

    def test_faults(self):
        self.start_ctl()
        self.ctl("faults", "add", "rs485", "name=bad", "corrupt=crc", "probability=10%", "count=20")
        self.assertRegex(self.ctl("faults"), r"^rs485 +bad +0 hits .*probability=0.1 count=20")
        self.assertEqual(self.ctl("faults", "list", "rs485"), self.ctl("faults", "list"))
        self.assertIn("a fault", self.ctl("faults", "add", "rs485", "name=bad", "drop=true", status=1))
        self.assertIn("did you mean 'drop'", self.ctl("faults", "add", "rs485", "name=x", "drp=true",
                                                      status=1))
        self.ctl("faults", "add", "rs485", "nonsense", status=64)
        self.ctl("faults", "add", "nothing", "name=x", "drop=true", status=66)
        self.ctl("faults", "clear", "rs485", "nothing", status=66)
        self.assertEqual(self.ctl("faults", "clear", "rs485", "bad"), "1 removed\n")
        self.assertEqual(self.ctl("faults", "clear", "rs485"), "0 removed\n")
        self.ctl("faults", "mend", status=64)

    def test_wait(self):
        self.start_ctl()
        for condition in ("voltage.l1 > 200", "voltage.l1>=230 V", "voltage.l1 <= 230", "voltage.l1 == 230",
                          "voltage.l1 != 0", "current.l3 < -1.5", "identity.name == PRO380-Mod",
                          "identity.name != other"):
            self.ctl("wait", condition)
        begin = time.monotonic()
        self.assertIn("is 230.0", self.ctl("wait", "voltage.l1 > 300", "--timeout", "300ms", status=1))
        self.assertGreater(time.monotonic() - begin, 0.3)
        waiting = subprocess.Popen([METERSIMCTL, "wait", "voltage.l2 < 100"], env=self.environment)
        self.ctl("world", "set", "grid.voltage.l2", "50")
        self.assertEqual(waiting.wait(timeout=20), 0)
        for condition in ("voltage.l1", "> 5", "voltage.l1 >", "voltage.l1 ~ 5", "voltage.l1 > much",
                          "voltage.l1 > 5 A"):
            self.ctl("wait", condition, status=64)
        self.ctl("wait", "nothing > 5", status=66)
        self.ctl("wait", "voltage.l1 > 5", "--timeout", "soon", status=64)

    def test_usage(self):
        self.start_ctl(daemon.one_meter(meter="    count: 2"))
        for args in ((), ("nothing",), ("set", "x"), ("--nothing",), ("get", "voltage.l1"),
                     ("--control", "a", "--url", "b", "status"), ("watch", "main-1")):
            self.ctl(*args, status=64, stdin=subprocess.DEVNULL)
        self.assertEqual(self.ctl("get", "voltage.l1", "--value", "--meter", "main-2"), "230.0\n")
        self.assertRegex(self.ctl("--version"), r"^metersimctl \d")
        self.assertIn("usage:", self.ctl("--help"))
        self.assertEqual(self.ctl("names", "meters"), "main-1\nmain-2\n")

    def test_no_daemon(self):
        self.start_ctl()
        self.ctl("--control", self.daemon.path("nothing"), "status", status=69)
        self.ctl("--url", "http://127.0.0.1:1", "status", status=69)
        self.ctl("--token", self.daemon.path("nothing"), "status", status=66)

    def test_url_and_token(self):
        folder = daemon.temporary_folder(self)
        token = os.path.join(folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write("0123456789abcdef0123\n")
        os.chmod(token, 0o600)
        self.start_ctl(args=("--panel", "127.0.0.1:0", "--control-token", token))
        url = re.search(r"http://\S+", self.daemon.banner).group(0)
        self.ctl("--url", url, "status", status=69)
        self.assertEqual(self.ctl("--url", url + "/", "--token", token, "get", "voltage.l1", "--value"),
                         "230.0\n")

    def complete(self, *words):
        script = (f"source {COMPLETION}; COMP_WORDS=({' '.join(repr(w) for w in words)}); "
                  f"COMP_CWORD={len(words) - 1}; _metersimctl; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True,
                              env=self.environment)
        return done.stdout.split()

    def test_completion(self):
        self.start_ctl()
        self.assertEqual(self.complete(METERSIMCTL, "st"), ["status"])
        self.assertEqual(self.complete(METERSIMCTL, "get", "voltage."),
                         ["voltage.l1", "voltage.l2", "voltage.l3"])
        self.assertEqual(self.complete(METERSIMCTL, "verdict", ""), ["rs485"])
        self.assertEqual(self.complete(METERSIMCTL, "--meter", ""), ["main"])
        self.assertEqual(self.complete(METERSIMCTL, "world", "set", "grid.freq"), ["grid.frequency"])
        self.assertEqual(self.complete(METERSIMCTL, "faults", "add", "rs485", "corrupt=c"), ["corrupt=crc"])


class Watch(CtlTest):
    def open_screen(self, rows=24, columns=80):
        """Starts watch on a terminal of its own."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen([METERSIMCTL, "watch"], stdin=slave, stdout=slave,
                                        stderr=subprocess.PIPE, env=self.environment,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.master, self.slave = master, slave
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.addCleanup(self.process.stderr.close)
        self.screen = Screen(rows, columns)
        return self.screen

    def until(self, condition):
        end = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), end, "\n".join(self.screen.lines))
            if select.select([self.master], [], [], 0.2)[0]:
                self.screen.feed(os.read(self.master, 65536).decode())

    def shows(self, text):
        return any(text in line for line in self.screen.lines)

    def ended(self, status=0):
        self.until(lambda: not self.screen.alternate)
        self.assertEqual(self.process.wait(timeout=10), status)
        self.assertFalse(self.screen.hidden)
        self.assertEqual(termios.tcgetattr(self.slave), self.before)

    def test_what_it_shows(self):
        self.start_ctl()
        screen = self.open_screen()
        self.until(lambda: self.shows("voltage      V"))
        self.assertTrue(screen.alternate and screen.hidden)
        self.assertRegex(screen.lines[0], r"^ main  pro380-mod  serial 16100649 +metered 0d 00:00:\d\d ?$")
        self.assertIn("230.0       230.0       230.0", screen.lines[2])
        self.assertTrue(self.shows("50.00 Hz"))
        with daemon.Port(self.daemon.path("port")) as port:
            for _ in range(20):
                port.write(daemon.crc(bytes.fromhex("010350020002")))
                port.read(9)
        self.until(lambda: self.shows(" rs485 < "))
        self.ctl("set", "setting.lcd_cycle", "12")
        self.until(lambda: self.shows("setting.lcd_cycle is now 12"))
        os.write(self.master, b"q")
        self.ended()

    def test_ctrl_c(self):
        self.start_ctl()
        self.open_screen()
        self.until(lambda: self.shows("voltage      V"))
        os.write(self.master, b"\x03")
        self.ended()

    def test_sigterm_and_small_screens(self):
        self.start_ctl()
        self.open_screen(rows=10, columns=50)
        self.until(lambda: self.shows("voltage      V"))
        self.process.send_signal(signal.SIGTERM)
        self.ended()

    def test_the_daemon_ends(self):
        self.start_ctl()
        self.open_screen()
        self.until(lambda: self.shows("voltage      V"))
        self.daemon.stop()
        self.ended(status=69)


if __name__ == "__main__":
    daemon.main()

# SPDX-License-Identifier: MIT
"""Faults, the recording of the bus and the verdict, as a client and as tshark see them."""
import os
import re
import subprocess
import time
import unittest

import daemon

CHARACTER = 11 / 9600
READ_VOLTAGE = daemon.crc(bytes([1, 3, 0x50, 0x02, 0, 2]))
VOLTAGE = daemon.crc(bytes([1, 3, 4, 0x43, 0x66, 0, 0]))
WRITE = daemon.crc(bytes([1, 6, 0x40, 0x10, 0, 0x17]))


def bench(faults, pace="off", line="", seed=1):
    """Two meters on the pty 'port', with these faults."""
    text = f"""
seed: {seed}
meters:
  - {{name: m, count: 2, model: pro380-mod}}
lines:
  - {{name: l, protocol: modbus, port: {{pty: port}}, pace: {pace}, meters: [m]{line}}}
"""
    if faults:
        text += "faults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults)
    return text


class Faults(daemon.DaemonTest):
    def ask(self, port, request=READ_VOLTAGE, most=600, timeout=0.15):
        port.write(request)
        return port.read(most, timeout=timeout)[0]

    def one(self, fault, pace="off"):
        """What a client gets for a read of the voltage under a fault."""
        self.start(bench(["name: f, " + fault], pace))
        with daemon.Port(self.daemon.path("port")) as port:
            got = self.ask(port)
        self._finish()
        return got

    def test_drop(self):
        self.assertEqual(self.one("drop: true"), b"")
        self.assertEqual(self.one("drop: true, direction: request"), b"")

    def test_a_dropped_answer_is_of_a_request_that_was_heard(self):
        for direction, heard in (("request", False), ("answer", True)):
            self.start(bench([f"name: f, drop: true, function: 6, direction: {direction}"]))
            with daemon.Port(self.daemon.path("port")) as port:
                self.assertEqual(self.ask(port, WRITE), b"")
                got = self.ask(port, daemon.crc(bytes([1, 3, 0x40, 0x10, 0, 1])))
            self.assertEqual(got, daemon.crc(bytes([1, 3, 2, 0, 0x17 if heard else 0x10])))
            self._finish()

    def test_delay(self):
        for pace in ("off", "real"):
            for direction in ("request", "answer"):
                self.start(bench([f"name: f, delay: 200ms..210ms, direction: {direction}"], pace))
                with daemon.Port(self.daemon.path("port")) as port:
                    begin = time.monotonic()
                    port.write(READ_VOLTAGE)
                    self.assertEqual(port.read(9)[0], VOLTAGE)
                    self.assertGreater(time.monotonic() - begin, 0.199)
                self._finish()

    def test_a_delay_is_one_stations(self):
        """While one takes its time the others hear and answer; so does a delayed request."""
        for direction in ("request", "answer"):
            for pace in ("off", "real"):
                self.start(bench([f"name: f, delay: 300ms, station: 1, direction: {direction}"],
                                 pace))
                other = daemon.crc(bytes([2, 3, 0x50, 2, 0, 2]))
                with daemon.Port(self.daemon.path("port")) as port:
                    port.write(READ_VOLTAGE)
                    port.read(1, timeout=0.05)
                    port.write(other)
                    self.assertEqual(port.read(9, timeout=0.2)[0], daemon.crc(b"\2" + VOLTAGE[1:7]))
                    self.assertEqual(port.read(9)[0], VOLTAGE)
                self._finish()

    def test_corrupt_crc(self):
        for pace in ("off", "real"):
            got = self.one("corrupt: crc", pace)
            self.assertEqual(got[:7], VOLTAGE[:7])
            self.assertNotEqual(got[7:], VOLTAGE[7:])
            self.assertEqual(len(got), 9)

    def test_corrupt_byte(self):
        got = self.one("corrupt: byte")
        self.assertEqual(len(got), 9)
        self.assertEqual(sum(a != b for a, b in zip(got, VOLTAGE)), 1)

    def test_corrupt_bits(self):
        got = self.one("corrupt: bits, bits: 3")
        self.assertEqual(len(got), 9)
        self.assertEqual(sum((a ^ b).bit_count() for a, b in zip(got, VOLTAGE)), 3)

    def test_a_corrupt_request_is_not_answered(self):
        for what in ("crc", "byte", "bits"):
            self.assertEqual(self.one(f"corrupt: {what}, direction: request"), b"")

    def test_truncate(self):
        self.assertEqual(self.one("truncate: 4"), VOLTAGE[:5])
        self.assertEqual(self.one("truncate: 9"), b"")
        self.assertEqual(self.one("truncate: 1, direction: request"), b"")

    def test_duplicate(self):
        for pace in ("off", "real"):
            self.assertEqual(self.one("duplicate: true", pace), VOLTAGE + VOLTAGE)

    def test_noise(self):
        before = self.one("noise: before, bytes: 5", "real")
        self.assertEqual((len(before), before[5:]), (14, VOLTAGE))
        after = self.one("noise: after, bytes: 2")
        self.assertEqual((len(after), after[:9]), (11, VOLTAGE))
        inside = self.one("noise: inside")
        self.assertEqual(len(inside), 12)
        self.assertTrue(any(inside[:i] + inside[i + 3:] == VOLTAGE for i in range(1, 9)))
        self.assertEqual(self.one("noise: before, direction: request"), b"")

    def test_wrong_address_and_function(self):
        """All else is right, the CRC too."""
        self.assertEqual(self.one("wrong: function"),
                         daemon.crc(bytes([1, 2]) + VOLTAGE[2:7]))
        got = self.one("wrong: address")
        self.assertNotEqual(got[0], 1)
        self.assertEqual(got, daemon.crc(got[:1] + VOLTAGE[1:7]))

    def test_exception(self):
        self.assertEqual(self.one("exception: 6"), daemon.crc(bytes([1, 0x83, 6])))

    def test_silence(self):
        """From the first hit on, for its time; other stations are not concerned."""
        self.start(bench(["name: f, silence: 400ms, count: 1, station: 1"]))
        with daemon.Port(self.daemon.path("port")) as port:
            begin = time.monotonic()
            self.assertEqual(self.ask(port), b"")
            self.assertEqual(self.ask(port, daemon.crc(bytes([2, 3, 0x50, 2, 0, 2])))[0], 2)
            got = b""
            while got != VOLTAGE and time.monotonic() < begin + 5:
                got = self.ask(port, timeout=0.02)
            self.assertEqual(got, VOLTAGE)
            self.assertGreater(time.monotonic() - begin, 0.399)
        _, err = self.daemon.stop()
        self.assertIn("fault 'f' struck: 1", err)

    def test_slow(self):
        for pace, character in (("real", CHARACTER), ("off", 0)):
            self.start(bench(["name: f, slow: 20ms"], pace))
            with daemon.Port(self.daemon.path("port")) as port:
                port.write(READ_VOLTAGE)
                data, times = port.read(9)
                self.assertEqual(data, VOLTAGE)
                self.assertAlmostEqual(times[-1] - times[0], 8 * (character + 0.02), delta=0.01)
            self._finish()

    def test_a_slow_request_is_none(self):
        self.assertEqual(self.one("slow: 2ms, direction: request", "real"), b"")  # T1.5
        self.assertEqual(self.one("slow: 10ms, direction: request", "real"), b"")  # T3.5

    def test_echo(self):
        for pace in ("off", "real"):
            self.assertEqual(self.one("echo: true", pace), READ_VOLTAGE + VOLTAGE)
            self.start(bench([], pace, line=", echo: true"))
            with daemon.Port(self.daemon.path("port")) as port:
                self.assertEqual(self.ask(port, timeout=0.3), READ_VOLTAGE + VOLTAGE)
                # also of what nobody answers
                self.assertEqual(self.ask(port, b"\x09\x03"), b"\x09\x03")
            self._finish()

    def test_targets(self):
        """Station, function and registers choose; the first rule that matches wins."""
        self.start(bench(["name: a, exception: 11, registers: 0x4000..0x4003",
                          "name: b, exception: 12, station: 2",
                          "name: c, exception: 13, function: 6",
                          "name: d, exception: 14, station: 2, function: 3"]))
        rows = [([1, 3, 0x40, 0x03, 0, 1], 11), ([2, 3, 0x40, 0x03, 0, 1], 11),
                ([1, 3, 0x3F, 0xFF, 0, 2], 11), ([1, 3, 0x40, 0x04, 0, 1], None),
                ([2, 3, 0x50, 0x02, 0, 2], 12), ([1, 6, 0x40, 0x10, 0, 1], 13),
                ([2, 6, 0x40, 0x10, 0, 1], 12), ([1, 3, 0x50, 0x02, 0, 2], None)]
        with daemon.Port(self.daemon.path("port")) as port:
            for request, code in rows:
                got = self.ask(port, daemon.crc(bytes(request)), timeout=0.05)
                if code:
                    self.assertEqual(got, daemon.crc(bytes([request[0], request[1] | 0x80, code])))
                else:
                    self.assertEqual(got[:2], bytes(request[:2]))
        _, err = self.daemon.stop()
        for name, hits in (("a", 3), ("b", 2), ("c", 1), ("d", 0)):
            self.assertIn(f"fault '{name}' struck: {hits}", err)

    def test_same_seed_same_faults(self):
        runs = []
        for seed in (5, 5, 6):
            self.start(bench(["name: n, noise: inside, bytes: 4, probability: 30%",
                              "name: b, corrupt: bits, bits: 2, probability: 0.5, count: 20"],
                             seed=seed))
            with daemon.Port(self.daemon.path("port")) as port:
                runs.append([self.ask(port, timeout=0.02) for _ in range(40)])
            self._finish()
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])
        self.assertIn(VOLTAGE, runs[0])
        self.assertGreater(len(set(runs[0])), 20)


def tshark(path, *args):
    result = subprocess.run(["tshark", "-r", path, "-o", "mbrtu.tcp.port:502",
                             "-o", "mbrtu.crc_verification:TRUE", *args],
                            capture_output=True, text=True, timeout=120, check=True)
    return result.stdout.splitlines()


class Capture(daemon.DaemonTest):
    def test_tshark_reads_it(self):
        """Every telegram of a session is there, decoded as Modbus, request joined to answer."""
        folder = daemon.temporary_folder(self)
        path = os.path.join(folder, "bus")
        self.start(bench(["name: f, corrupt: crc, station: 2, count: 1"], "real"),
                   args=["--capture", path])
        with daemon.Port(self.daemon.path("port")) as port:
            for request, size in ((READ_VOLTAGE, 9), (WRITE, 8),
                                  (daemon.crc(bytes([2, 3, 0x50, 2, 0, 2])), 9),
                                  (daemon.crc(bytes([1, 3, 0x12, 0x34, 0, 1])), 5)):
                port.write(request)
                self.assertEqual(len(port.read(size)[0]), size)
            port.write(daemon.crc(bytes([1, 3, 0x50, 0, 0, 50])))
            port.read(1)
            port.write(READ_VOLTAGE)  # too early: into the answer, which takes 120 ms
            self.assertEqual(len(port.read(104)[0]), 104)
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)

        fields = tshark(path + ".pcapng", "-T", "fields", "-E", "separator=;", "-e", "_ws.col.Info",
                        "-e", "modbus.regnum16", "-e", "modbus.regval_uint16", "-e",
                        "mbrtu.crc16.status", "-e", "frame.interface_name")
        packets = [line.split(";") for line in fields]
        info = [re.sub(r"\s+", " ", packet[0].strip()) for packet in packets]
        self.assertEqual(info[0], "Query: Unit: 1, Func: 3: Read Holding Registers")
        self.assertEqual(info[1], "Response: Unit: 1, Func: 3: Read Holding Registers")
        self.assertEqual(packets[1][1:3], ["20482,20483", "17254,0"])
        self.assertEqual(info[2], "Query: Unit: 1, Func: 6: Write Single Register")
        self.assertEqual(info[3], "Response: Unit: 1, Func: 6: Write Single Register")
        self.assertIn("Exception returned", info[7])
        self.assertEqual([packet[3] for packet in packets],
                         ["1", "1", "1", "1", "1", "0", "1", "1", "1", "1", "1"])
        self.assertEqual({packet[4] for packet in packets}, {"l"})

        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
        stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
        expected = [
            r"> - 01 03 50 02 00 02 74 cb  1: read 0x5002\.\.0x5003",
            r"< 9\.010 01 03 04 43 66 00 00 0f a8  1: 0x5002 = 4366 0000",
            r"> \d+\.\d{3} 01 06 40 10 00 17 .. ..  1: write 0x4010 = 0017",
            r"< 9\.010 01 06 40 10 00 17 .. ..  1: written",
            r"> \S+ 02 03 .*  2: read 0x5002\.\.0x5003",
            r"! fault 'f'",
            r"< 9\.010 02 03 04 43 66 00 00 .. ..  CRC error",
            r"> \S+ 01 03 12 34 .*  1: read 0x1234",
            r"< 9\.010 01 83 02 c0 f1  1: exception 02, illegal data address",
            r"> \S+ 01 03 .*  1: read 0x5000\.\.0x5031",
            r"> \S+ 01 03 .*  not heard, an answer was on the line; 1: read 0x5002\.\.0x5003",
            r"< 9\.010 01 03 64 .*  1: 0x5000 = 0000 0000 4366 .* and 38 more",
        ]
        self.assertEqual(len(lines), len(expected), lines)
        for line, pattern in zip(lines, expected):
            self.assertRegex(line, f"^{stamp} l {pattern}$")

        verdict = [line for line in re.findall(r"^metersimd: line l: (.*)$", err, re.M)
                   if "too close" not in line]  # that is up to this machine
        self.assertEqual(verdict, [
            "requests: 5, answers: 4",
            "answered with exception 02 (1x)",
            "unlisted registers asked for: 0x1234 of 1",
            "answers that reached the client broken: 1",
            "spoke while an answer was owed: 1",
            "fault 'f' struck: 1",
        ])

    def test_verdict_on_a_bad_master(self):
        self.start(bench([], "real"))
        with daemon.Port(self.daemon.path("port")) as port:
            for words in (b"\x01\x03\x50", READ_VOLTAGE[:-1] + b"\0", READ_VOLTAGE + b"\0",
                          daemon.crc(bytes([1, 3, 0x50, 2, 0, 2, 0])),
                          daemon.crc(bytes([0, 6, 0x40, 0x10, 0, 5])),
                          daemon.crc(bytes([7, 3, 0x50, 2, 0, 2])),
                          daemon.crc(bytes([8, 3, 0x50, 2, 0, 2])),
                          daemon.crc(bytes([9, 3, 4, 1, 2, 3, 4]))):
                port.write(words)
                port.read(1, timeout=0.05)
        _, err = self.daemon.stop()
        verdict = re.findall(r"^metersimd: line l: (.*)$", err, re.M)
        self.assertEqual(verdict, [
            "requests: 3, answers: 0, broadcasts: 1",
            "addresses that never answered: 7..8",
            # the CRC of a frame with a 0 behind it is right
            "not understood: too short (1x), CRC error (1x), wrong length (2x)",
            "answers of other stations on the line: 1",
        ])

    def test_it_cannot_be_written(self):
        folder = daemon.temporary_folder(self)
        config = os.path.join(folder, "bench.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(bench([]))
        result = daemon.run("--config", config, "--capture", os.path.join(folder, "no", "bus"))
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertIn("the capture cannot be written: No such file", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)

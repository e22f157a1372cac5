# SPDX-License-Identifier: MIT
"""The line on a pty: time, silence, clients that come and go, signals."""
import os
import signal
import struct
import termios
import time

import daemon

READ_VOLTAGE = daemon.crc(bytes([1, 3, 0x50, 0x02, 0, 2]))
VOLTAGE = daemon.crc(bytes([1, 3, 4, 0x43, 0x66, 0, 0]))
READ_50 = daemon.crc(bytes([1, 3, 0x50, 0, 0, 50]))
CHARACTER = 11 / 9600


class Line(daemon.DaemonTest):
    def test_characters_take_their_time(self):
        self.start(daemon.one_meter(pace="real"))
        with daemon.Port(self.daemon.path("port")) as port:
            spans, firsts = [], []
            for _ in range(9):
                begin = time.monotonic()
                port.write(READ_50)
                data, times = port.read(105)
                self.assertEqual(len(data), 105)
                spans.append(times[-1] - times[0])
                firsts.append(times[0] - begin)
        # the median of some: the machine may be busy with other tests
        self.assertAlmostEqual(sorted(spans)[4], 104 * CHARACTER, delta=0.004)
        # 8 characters, T3.5, 5 ms of turnaround, and the first character of the answer
        self.assertAlmostEqual(sorted(firsts)[4], (8 + 3.5 + 1) * CHARACTER + 0.005, delta=0.004)

    def test_turnaround(self):
        self.start(daemon.one_meter(pace="real", line="    turnaround: 80ms"))
        with daemon.Port(self.daemon.path("port")) as port:
            begin = time.monotonic()
            port.write(READ_VOLTAGE)
            _, times = port.read(9)
        self.assertGreater(times[0] - begin, 0.080 + 12.5 * CHARACTER - 0.002)

    def test_request_in_pieces(self):
        """Within T3.5 pieces are one frame, and a pause cuts it."""
        self.start(daemon.one_meter(pace="real", meter="    settings: {baud: 300}"))
        with daemon.Port(self.daemon.path("port"), termios.B300) as port:
            port.write(READ_VOLTAGE[:3])
            port.write(READ_VOLTAGE[3:])
            self.assertEqual(port.read(9)[0], VOLTAGE)
            port.write(READ_VOLTAGE[:3])
            self.assertEqual(port.read(1, timeout=3 * 11 / 300 + 0.3)[0], b"")
            port.write(READ_VOLTAGE[3:])
            self.assertEqual(port.read(1, timeout=0.5)[0], b"")
            port.write(READ_VOLTAGE)
            self.assertEqual(port.read(9)[0], VOLTAGE)

    def test_surplus_bytes_are_silence_without_pace(self):
        self.start(daemon.one_meter())
        with daemon.Port(self.daemon.path("port")) as port:
            port.write(READ_VOLTAGE + b"\0")
            self.assertEqual(port.read(1, timeout=0.2)[0], b"")
            port.write(READ_VOLTAGE)
            self.assertEqual(port.read(9)[0], VOLTAGE)

    def test_next_client_does_not_read_the_last_ones_answer(self):
        for pace in ("off", "real"):
            self.start(daemon.one_meter(pace=pace))
            for _ in range(20):
                with daemon.Port(self.daemon.path("port")) as port:
                    port.write(READ_50)  # and leave with most of the answer unread
                    self.assertEqual(port.read(1)[0], b"\x01")
                with daemon.Port(self.daemon.path("port")) as port:
                    self.assertTrue(port.empty(within=2))
                    port.write(READ_VOLTAGE)
                    self.assertEqual(port.read(9)[0], VOLTAGE)
            self._finish()

    def test_write_and_leave(self):
        """A client that does not wait for the answer is heard all the same."""
        self.start(daemon.one_meter(pace="real"))
        with daemon.Port(self.daemon.path("port")) as port:
            port.write(daemon.crc(bytes([0, 6, 0x40, 0x10, 0, 0x17])))
        with daemon.Port(self.daemon.path("port")) as port:
            port.read(1, timeout=0.1)
            port.write(daemon.crc(bytes([1, 3, 0x40, 0x10, 0, 1])))
            self.assertEqual(port.read(7)[0], daemon.crc(bytes([1, 3, 2, 0, 0x17])))

    def test_two_clients_and_one_leaves(self):
        """Two that open at once are one event to the daemon; the one that stays is served."""
        self.start(daemon.one_meter())
        for _ in range(10):
            leaving = daemon.Port(self.daemon.path("port"))
            with daemon.Port(self.daemon.path("port")) as staying:
                leaving.close()
                for _ in range(3):
                    staying.write(READ_VOLTAGE)
                    self.assertEqual(staying.read(9)[0], VOLTAGE)

    def test_one_address_twice_collides(self):
        """Two meters, one address: equal answers survive, different ones fail their CRC."""
        for pace in ("real", "off"):
            self.collide(pace)

    def collide(self, pace):
        self.start("""
meters:
  - {name: a, model: pro380-mod, grid: {voltage: 230}}
  - {name: b, model: pro380-mod, grid: {voltage: 120}}
lines:
  - {name: l, protocol: modbus, port: {pty: port}, pace: PACE, meters: [a, b]}
""".replace("PACE", pace))
        with daemon.Port(self.daemon.path("port")) as port:
            baud = daemon.crc(bytes([1, 3, 0x40, 0x04, 0, 1]))
            port.write(baud)
            self.assertEqual(port.read(7)[0], daemon.crc(bytes([1, 3, 2, 0x25, 0x80])))
            port.write(READ_VOLTAGE)
            data, _ = port.read(9)
            self.assertEqual(len(data), 9)
            self.assertNotEqual(data, daemon.crc(data[:7]))
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertIn("have one address", err)

    def test_sixty_meters_on_one_line(self):
        """Each answers at its own address; one more than the manual's 60 makes a warning."""
        self.start("""
meters:
  - {name: flat, count: 61, model: pro380-mod, serial: "17000001"}
lines:
  - {name: l, protocol: modbus, port: {pty: port}, pace: off, meters: [flat]}
""")
        with daemon.Port(self.daemon.path("port")) as port:
            for unit in range(1, 62):
                port.write(daemon.crc(bytes([unit, 3, 0x40, 0x00, 0, 2])))
                serial = bytes.fromhex(f"{17000000 + unit}")
                self.assertEqual(port.read(9)[0], daemon.crc(bytes([unit, 3, 4]) + serial))
            port.write(daemon.crc(bytes([62, 3, 0x40, 0x00, 0, 2])))
            self.assertEqual(port.read(1, timeout=0.1)[0], b"")
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertIn("61 meters, more than the 60", err)

    def test_flood_is_forgotten(self):
        """A line at 9600 baud does not hear 50 kB: the next client is served all the same."""
        self.start(daemon.one_meter(pace="real"))
        with daemon.Port(self.daemon.path("port")) as port:
            os.set_blocking(port.fd, False)
            sent = 0
            end = time.monotonic() + 5
            while sent < 50000 and time.monotonic() < end:
                try:
                    sent += os.write(port.fd, b"\x55" * 500)
                except BlockingIOError:
                    port.read(1, timeout=0.01)
        with daemon.Port(self.daemon.path("port")) as port:
            end = time.monotonic() + 5
            data = b""
            while data != VOLTAGE and time.monotonic() < end:
                port.write(READ_VOLTAGE)
                data = port.read(9, timeout=0.3)[0]
            self.assertEqual(data, VOLTAGE)

    def test_restart_after_a_kill(self):
        """The link that a killed daemon leaves behind is dangling, and is replaced."""
        self.start(daemon.one_meter())
        folder = self.daemon.folder
        for _ in range(3):
            self.daemon.kill(keep=True)
            self.assertTrue(os.path.islink(os.path.join(folder, "port")))
            try:
                self.daemon = daemon.Daemon(daemon.one_meter(), folder=folder)
            except AssertionError as error:  # another test has a pty of that number by now
                self.assertIn("is not a dangling link", str(error))
                os.makedirs(folder, exist_ok=True)
                self.daemon = daemon.Daemon(daemon.one_meter(), folder=folder)
            with daemon.Port(self.daemon.path("port")) as port:
                port.write(READ_VOLTAGE)
                self.assertEqual(port.read(9)[0], VOLTAGE)

    def test_what_is_not_ours_is_not_removed(self):
        self.start(daemon.one_meter())
        path = self.daemon.path("port")
        os.unlink(path)
        self.daemon.write("port", "precious")
        self.daemon.signal(signal.SIGTERM)
        _, err = self.daemon.process.communicate(timeout=20)
        self.assertEqual(self.daemon.process.returncode, 0, err)
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious")

    def test_idle_daemon_rests(self):
        """After its last client has left, the master end must not be polled for ever."""
        self.start(daemon.one_meter())
        with daemon.Port(self.daemon.path("port")) as port:
            port.write(READ_VOLTAGE)
            port.read(9)
        before = self._cpu()
        with daemon.Port(self.daemon.path("port")) as port:
            port.read(1, timeout=1.0)
        self.assertLess(self._cpu() - before, 0.3)

    def _cpu(self):
        with open(f"/proc/{self.daemon.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_pty_mode(self):
        self.start(daemon.one_meter().replace("{pty: port}", "{pty: deep/er/port, mode: '0660'}"))
        path = self.daemon.path("deep/er/port")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)

    def test_reload(self):
        self.start(daemon.one_meter())
        with daemon.Port(self.daemon.path("port")) as port:
            self.daemon.write("bench.yaml", daemon.one_meter().replace("voltage: 230",
                                                                      "voltage: 100"))
            self.daemon.signal(signal.SIGHUP)
            end = time.monotonic() + 10
            volts = 230.0
            while volts != 100 and time.monotonic() < end:
                port.write(READ_VOLTAGE)
                volts = struct.unpack(">f", port.read(9)[0][3:7])[0]
            self.assertEqual(volts, 100)
            self.daemon.write("bench.yaml", "meters: nonsense\n")
            self.daemon.signal(signal.SIGHUP)
            port.write(READ_VOLTAGE)
            self.assertEqual(len(port.read(9)[0]), 9)
        status, err = self.daemon.stop()
        self.assertEqual(status, 0)
        self.assertIn("nothing was changed", err)

    def test_speed(self):
        """Metering time runs at speed times real time; 0 stands still."""
        for speed in ("0", "3600"):
            self.start(daemon.one_meter(), args=["--speed", speed])
            read = daemon.crc(bytes([1, 3, 0x60, 0, 0, 2]))
            with daemon.Port(self.daemon.path("port")) as port:
                energies = []
                for _ in range(2):
                    port.write(read)
                    energies.append(struct.unpack(">f", port.read(9)[0][3:7])[0])
                    port.read(1, timeout=0.5)
            if speed == "0":
                self.assertEqual(energies[0], energies[1])
            else:  # 2.875 kW forward, half an hour or a little more
                self.assertGreater(energies[1] - energies[0], 1.0)
            self._finish()


class Overload(daemon.DaemonTest):
    def test_all_are_slowed_alike(self):
        """More than the machine can compute: every meter lags, none is left behind."""
        meters = "".join(
            f"  - {{name: m{i}, model: pro380-mod, load: {{current: 10}}, "
            f"settings: {{modbus_id: {i + 1}}}}}\n" for i in range(60))
        names = ", ".join(f"m{i}" for i in range(60))
        self.start(f"meters:\n{meters}lines:\n  - {{name: l, protocol: modbus, port: {{pty: port}}, "
                   f"pace: off, meters: [{names}]}}\n", args=["--speed", "100000"])
        with daemon.Port(self.daemon.path("port")) as port:
            port.read(1, timeout=4)  # let it run
            energies = []
            for unit in (1, 30, 60):
                port.write(daemon.crc(bytes([unit, 3, 0x60, 0x0C, 0, 2])))
                data, _ = port.read(9)
                energies.append(struct.unpack(">f", data[3:7])[0])
        self.assertGreater(min(energies), 1)
        self.assertLess(max(energies), 1.5 * min(energies), energies)
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertIn("more than this machine can compute", err)


if __name__ == "__main__":
    daemon.main()

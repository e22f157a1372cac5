# SPDX-License-Identifier: MIT
"""Ports: raw TCP, Modbus TCP, and a serial port played by a socat pair."""
import os
import re
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

import daemon

READ_VOLTAGE = daemon.crc(bytes([1, 3, 0x50, 0x02, 0, 2]))
VOLTAGE = daemon.crc(bytes([1, 3, 4, 0x43, 0x66, 0, 0]))
READ_50 = daemon.crc(bytes([1, 3, 0x50, 0, 0, 50]))


def bench(lines, meters=1, extra=""):
    """Meters flat-1 .. on lines with these ports: {name: (port, pace)}."""
    text = f"meters:\n  - {{name: flat, count: {meters}, model: pro380-mod, " \
        f"serial: \"17000001\"{extra}}}\nlines:\n"
    for name, (port, pace) in lines.items():
        text += f"  - {{name: {name}, protocol: modbus, port: {port}, pace: {pace}, " \
            "meters: [flat]}\n"
    return text


def mbap(transaction, unit, pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def read_pdu(address, count):
    return struct.pack(">BHH", 3, address, count)


class Raw(daemon.DaemonTest):
    TCP = {"l": ('{tcp: "127.0.0.1:0"}', "off")}

    def test_answers(self):
        for pace in ("real", "off"):
            self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', pace)}))
            with daemon.Socket(self.daemon.address("l")) as port:
                for _ in range(3):
                    port.write(READ_VOLTAGE)
                    self.assertEqual(port.read(9), VOLTAGE)
            self._finish()

    def test_characters_take_their_time(self):
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}))
        with daemon.Socket(self.daemon.address("l")) as port:
            begin = time.monotonic()
            port.write(READ_50)
            self.assertEqual(len(port.read(105)), 105)
            took = time.monotonic() - begin
        self.assertGreater(took, (8 + 3.5 + 105) * 11 / 9600 + 0.005 - 0.002)

    def test_clients_take_turns(self):
        """Each gets its own answers, whole, however many ask at once."""
        self.start(bench(self.TCP, meters=8))
        wrong = []

        def ask(unit):
            request = daemon.crc(bytes([unit, 3, 0x40, 0, 0, 2]))
            answer = daemon.crc(bytes([unit, 3, 4]) + bytes.fromhex(f"{17000000 + unit}"))
            with daemon.Socket(self.daemon.address("l")) as port:
                for _ in range(200):
                    port.write(request)
                    got = port.read(9)
                    if got != answer:
                        wrong.append((unit, got))
                        return

        threads = [threading.Thread(target=ask, args=(unit,)) for unit in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_turns_on_a_paced_line(self):
        """The second one's request waits until the first one has its answer."""
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}, meters=2))
        address = self.daemon.address("l")
        with daemon.Socket(address) as one, daemon.Socket(address) as two:
            one.write(READ_50)
            two.write(daemon.crc(bytes([2, 3, 0x40, 0, 0, 2])))
            self.assertEqual(len(one.read(105)), 105)
            self.assertEqual(two.read(9), daemon.crc(bytes([2, 3, 4, 0x17, 0, 0, 2])))
            self.assertEqual(one.read(1, timeout=0.05), b"")

    def test_one_that_goes_leaves_its_turn(self):
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}))
        address = self.daemon.address("l")
        with daemon.Socket(address) as staying:
            with daemon.Socket(address) as leaving:
                leaving.write(READ_50)
                leaving.read(1)
            staying.write(READ_VOLTAGE)
            self.assertEqual(staying.read(9), VOLTAGE)

    def test_one_that_never_stops_shares(self):
        """Who asks again as soon as it is answered does not keep others from their turn."""
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}, meters=2))
        address = self.daemon.address("l")
        stop = threading.Event()

        def greedy():
            with daemon.Socket(address) as port:
                while not stop.is_set():
                    port.write(READ_VOLTAGE)
                    port.read(9)

        thread = threading.Thread(target=greedy)
        thread.start()
        try:
            with daemon.Socket(address) as port:
                for _ in range(5):
                    port.write(daemon.crc(bytes([2, 3, 0x40, 0, 0, 2])))
                    self.assertEqual(port.read(9), daemon.crc(bytes([2, 3, 4, 0x17, 0, 0, 2])))
        finally:
            stop.set()
            thread.join()

    def test_one_that_waits_holds_up_nobody(self):
        """An answer that takes long: others speak meanwhile, also when its client has gone."""
        for leave in (False, True):
            self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}, meters=2)
                       + "faults:\n  - {name: f, delay: 8s, station: 1}\n")
            address = self.daemon.address("l")
            with daemon.Socket(address) as other:
                slow = daemon.Socket(address)
                slow.write(READ_VOLTAGE)
                slow.read(1, timeout=0.1)
                if leave:
                    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                           struct.pack("ii", 1, 0))
                    slow.close()
                begin = time.monotonic()
                other.write(daemon.crc(bytes([2, 3, 0x40, 0, 0, 2])))
                self.assertEqual(len(other.read(9)), 9)
                self.assertLess(time.monotonic() - begin, 3)
                slow.close()
            self._finish()

    def test_segments(self):
        """A network may cut a request anywhere: a pause within the latency does not matter."""
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}))
        with daemon.Socket(self.daemon.address("l")) as port:
            for cut in (1, 4, 7):
                port.write(READ_VOLTAGE[:cut])
                port.read(1, timeout=0.008)
                port.write(READ_VOLTAGE[cut:])
                self.assertEqual(port.read(9), VOLTAGE)

    def test_last_words_are_answered(self):
        """As with netcat: the request ends with the client's side of the connection."""
        self.start(bench({"l": ('{tcp: "127.0.0.1:0"}', "real")}))
        with daemon.Socket(self.daemon.address("l")) as port:
            port.write(READ_VOLTAGE)
            port.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(port.read(9), VOLTAGE)
            self.assertTrue(port.ended())

    def test_more_clients_than_there_may_be(self):
        self.start(bench(self.TCP))
        address = self.daemon.address("l")
        clients = [daemon.Socket(address) for _ in range(256)]
        clients[255].write(READ_VOLTAGE)
        self.assertEqual(clients[255].read(9), VOLTAGE)
        with daemon.Socket(address) as surplus:
            self.assertTrue(surplus.ended())
        for client in clients:
            client.close()
        end = time.monotonic() + 5
        answer = b""
        while answer != VOLTAGE and time.monotonic() < end:
            with daemon.Socket(address) as port:
                port.write(READ_VOLTAGE)
                answer = port.read(9)
        self.assertEqual(answer, VOLTAGE)
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertIn("turned away", err)


class Gateway(daemon.DaemonTest):
    TCP = {"l": ('{modbus_tcp: "127.0.0.1:0"}', "off")}

    def ask(self, port, transaction, unit, pdu):
        port.write(mbap(transaction, unit, pdu))
        head = port.read(7)
        if len(head) < 7:
            return head
        self.assertEqual(head[:4], struct.pack(">HH", transaction, 0))
        return head[6:] + port.read(struct.unpack(">H", head[4:6])[0] - 1)

    def test_answers(self):
        for pace in ("real", "off"):
            self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0"}', pace)}, meters=3))
            with daemon.Socket(self.daemon.address("l")) as port:
                for unit in (3, 1, 2):
                    self.assertEqual(self.ask(port, 7 * unit, unit, read_pdu(0x4000, 2)),
                                     bytes([unit, 3, 4, 0x17, 0, 0, unit]))
                self.assertEqual(self.ask(port, 9, 1, read_pdu(0x5FFF, 1)), bytes([1, 0x83, 2]))
                self.assertEqual(self.ask(port, 10, 1, b"\x2b\x0e\x01\x00"),
                                 bytes([1, 0xAB, 1]))
                # who is not there does not answer; a broadcast has no answer
                self.assertEqual(self.ask(port, 11, 4, read_pdu(0x4000, 2)),
                                 bytes([4, 0x83, 0x0B]))
                port.write(mbap(12, 0, struct.pack(">BHH", 6, 0x4010, 0x22)))
                self.assertEqual(self.ask(port, 13, 2, read_pdu(0x4010, 1)),
                                 bytes([2, 3, 2, 0, 0x22]))
            self._finish()

    def test_silence_takes_its_time(self):
        """A station that is not there is exception 0B after the timeout; a late one too."""
        for options, faults, least, most in (
                ("", "", 0.499, 2), (", timeout: 200ms", "", 0.199, 0.49), (", timeout: 0s", "", 0, 0.2),
                (", timeout: 100ms", "faults:\n  - {name: f, delay: 300ms}\n", 0.099, 0.29)):
            self.start(bench({"l": (f'{{modbus_tcp: "127.0.0.1:0"{options}}}', "real")}, meters=2)
                       + faults)
            with daemon.Socket(self.daemon.address("l")) as port:
                unit = 2 if faults else 9
                begin = time.monotonic()
                self.assertEqual(self.ask(port, 1, unit, read_pdu(0x4000, 2)),
                                 bytes([unit, 0x83, 0x0B]))
                self.assertGreater(time.monotonic() - begin, least)
                self.assertLess(time.monotonic() - begin, most)
            self._finish()

    def test_a_late_answer_is_not_another_stations(self):
        """What station 1 says while station 9 is asked is no answer of station 9."""
        self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0", timeout: 150ms}', "real")}, meters=2)
                   + "faults:\n  - {name: f, delay: 200ms, station: 1, count: 1}\n")
        with daemon.Socket(self.daemon.address("l")) as port:
            self.assertEqual(self.ask(port, 1, 1, read_pdu(0x4000, 2)), bytes([1, 0x83, 0x0B]))
            self.assertEqual(self.ask(port, 2, 9, read_pdu(0x4000, 2)), bytes([9, 0x83, 0x0B]))
            self.assertEqual(self.ask(port, 3, 1, read_pdu(0x4000, 2)),
                             bytes([1, 3, 4, 0x17, 0, 0, 1]))

    def test_one_slow_station_holds_up_nobody(self):
        """While an answer is delayed others are served, in time; and so after the timeout."""
        for fault in ("delay: 12s, station: 1, count: 1",
                      "delay: 8s, station: 1, count: 1, direction: request",
                      "slow: 1s, station: 1, count: 1"):
            self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0", timeout: 300ms}', "real")},
                             meters=2) + f"faults:\n  - {{name: f, {fault}}}\n")
            address = self.daemon.address("l")
            with daemon.Socket(address) as one, daemon.Socket(address) as two:
                begin = time.monotonic()
                self.assertEqual(self.ask(one, 1, 1, read_pdu(0x4000, 2)), bytes([1, 0x83, 0x0B]))
                self.assertLess(time.monotonic() - begin, 1)
                if "slow" not in fault:  # that one is on the line
                    self.assertEqual(self.ask(two, 2, 2, read_pdu(0x4000, 2)),
                                     bytes([2, 3, 4, 0x17, 0, 0, 2]))
                    self.assertLess(time.monotonic() - begin, 1)
            self._finish()

    def test_a_slow_line_is_not_silent(self):
        """The time for an answer begins when the request is over: 13 bytes at 300 baud take 0.5 s."""
        self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0"}', "real")}, meters=1,
                         extra=", settings: {baud: 300}"))
        with daemon.Socket(self.daemon.address("l")) as port:
            pdu = struct.pack(">BHHBHH", 16, 0x400D, 2, 4, 0, 0)
            self.assertEqual(self.ask(port, 1, 1, pdu)[1] & 0x7F, 16)
            self.assertNotEqual(self.ask(port, 2, 1, read_pdu(0x4000, 1))[1:], b"\x83\x0b")

    def test_a_late_answer_must_fit(self):
        """One of another length than was asked for is no answer."""
        self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0", timeout: 100ms}', "real")}, meters=1)
                   + "faults:\n  - {name: f, delay: 150ms, count: 1}\n")
        with daemon.Socket(self.daemon.address("l")) as port:
            self.assertEqual(self.ask(port, 1, 1, read_pdu(0x5002, 2)), bytes([1, 0x83, 0x0B]))
            answer = self.ask(port, 2, 1, read_pdu(0x500C, 4))
            self.assertIn(answer[1:], (b"\x83\x0b", bytes([3, 8]) + bytes(8)))
            self.assertEqual(len(self.ask(port, 3, 1, read_pdu(0x500C, 4))), 11)

    def test_those_that_went_away_do_not_count(self):
        """Requests of clients that did not wait for an answer hold up nobody for long."""
        self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0"}', "real")}))
        address = self.daemon.address("l")
        for i in range(100):
            with daemon.Socket(address) as port:
                port.write(mbap(i, 99, read_pdu(0x4000, 2)))
        begin = time.monotonic()
        with daemon.Socket(address) as port:
            self.assertEqual(self.ask(port, 1, 1, read_pdu(0x4000, 2)),
                             bytes([1, 3, 4, 0x17, 0, 0, 1]))
        self.assertLess(time.monotonic() - begin, 3)

    def test_a_broadcast_takes_no_time(self):
        self.start(bench({"l": ('{modbus_tcp: "127.0.0.1:0", timeout: 5s}', "real")}))
        with daemon.Socket(self.daemon.address("l")) as port:
            begin = time.monotonic()
            port.write(mbap(1, 0, struct.pack(">BHH", 6, 0x4010, 0x12)))
            self.assertEqual(len(self.ask(port, 2, 1, read_pdu(0x4010, 1))), 5)
            self.assertLess(time.monotonic() - begin, 2)

    def test_many_clients_and_many_requests_at_once(self):
        """All are served in turn, and every answer bears its request's transaction."""
        self.start(bench(self.TCP, meters=5))
        clients = [daemon.Socket(self.daemon.address("l")) for _ in range(50)]
        for number, client in enumerate(clients):
            client.write(b"".join(mbap(100 * number + i, 1 + i % 5, read_pdu(0x4000, 2))
                                  for i in range(100)))
        for number, client in enumerate(clients):
            for i in range(100):
                unit = 1 + i % 5
                self.assertEqual(client.read(13), mbap(
                    100 * number + i, unit, bytes([3, 4, 0x17, 0, 0, unit])))
            client.close()

    def test_in_pieces(self):
        self.start(bench(self.TCP))
        request = mbap(1, 1, read_pdu(0x5002, 2))
        with daemon.Socket(self.daemon.address("l")) as port:
            for i in range(len(request)):
                port.write(request[i:i + 1])
            self.assertEqual(port.read(13), mbap(1, 1, VOLTAGE[1:-2]))

    def test_what_is_no_modbus_tcp(self):
        """Protocol other than 0, lengths that cannot be: the connection ends, others do not."""
        self.start(bench(self.TCP))
        address = self.daemon.address("l")
        with daemon.Socket(address) as good:
            for bad in (b"GET / HTTP/1.1\r\n\r\n", struct.pack(">HHHBB", 1, 1, 6, 1, 3),
                        struct.pack(">HHHBB", 1, 0, 1, 1, 3), struct.pack(">HHHBB", 1, 0, 255, 1, 3)):
                with daemon.Socket(address) as port:
                    port.write(bad)
                    self.assertTrue(port.ended(), bad)
            self.assertEqual(self.ask(good, 1, 1, read_pdu(0x5002, 2)), VOLTAGE[:-2])

    def test_longest_request(self):
        """260 bytes: function 10 with 123 registers, which there are not."""
        self.start(bench(self.TCP))
        with daemon.Socket(self.daemon.address("l")) as port:
            pdu = struct.pack(">BHHB", 16, 0x4000, 123, 246) + bytes(246)
            self.assertEqual(self.ask(port, 5, 1, pdu), bytes([1, 0x90, 2]))
            self.assertEqual(self.ask(port, 6, 1, pdu + b"\0"), bytes([1, 0x90, 0x0B]))

    def test_last_words_are_answered(self):
        self.start(bench(self.TCP))
        with daemon.Socket(self.daemon.address("l")) as port:
            port.write(b"".join(mbap(i, 1, read_pdu(0x5002, 2)) for i in range(20)))
            port.socket.shutdown(socket.SHUT_WR)
            for i in range(20):
                self.assertEqual(port.read(13), mbap(i, 1, VOLTAGE[1:-2]))
            self.assertTrue(port.ended())

    def test_one_that_does_not_read(self):
        """Its answers fill the socket's buffer; then it is dropped, and nobody waits for it."""
        self.start(bench(self.TCP))
        with daemon.Socket(self.daemon.address("l")) as lazy:
            lazy.socket.setblocking(False)
            requests = b"".join(mbap(i, 1, read_pdu(0x5000, 50)) for i in range(1000))
            end = time.monotonic() + 20
            try:
                while time.monotonic() < end:
                    try:
                        lazy.socket.send(requests)
                    except BlockingIOError:
                        with daemon.Socket(self.daemon.address("l")) as port:
                            self.assertEqual(self.ask(port, 1, 1, read_pdu(0x5002, 2)),
                                             VOLTAGE[:-2])
            except (ConnectionResetError, BrokenPipeError):
                return
            self.fail("it was never dropped")


class Alike(daemon.DaemonTest):
    def test_three_ports_one_meter(self):
        """A pty, raw TCP and Modbus TCP read the same values, in the same second."""
        text = bench({"pty": ("{pty: port}", "real"), "raw": ('{tcp: "127.0.0.1:0"}', "real"),
                      "gw": ('{modbus_tcp: "127.0.0.1:0"}', "real")},
                     extra=", load: {current: [5, 3, 2], angle: 20}")
        self.start(text, args=["--speed", "0"])
        read = daemon.crc(bytes([1]) + read_pdu(0x5000, 50))
        with daemon.Port(self.daemon.path("port")) as pty, \
                daemon.Socket(self.daemon.address("raw")) as raw, \
                daemon.Socket(self.daemon.address("gw")) as gateway:
            begin = time.monotonic()
            pty.write(read)
            raw.write(read)
            gateway.write(mbap(1, 1, read_pdu(0x5000, 50)))
            answers = [pty.read(105)[0][:-2], raw.read(105)[:-2], gateway.read(109)[6:]]
            self.assertLess(time.monotonic() - begin, 1)
        self.assertEqual(len(answers[0]), 103)
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])

    def test_mbpoll_on_all_three(self):
        text = bench({"pty": ("{pty: port}", "real"), "gw": ('{modbus_tcp: "127.0.0.1:0"}', "off")})
        self.start(text)
        host, port = self.daemon.address("gw")
        read = ["-a", "1", "-t", "4:float", "-B", "-0", "-r", "0x5002", "-c", "3", "-1"]
        outputs = []
        for command in (["mbpoll", "-m", "rtu", "-b", "9600", "-P", "none", *read,
                         self.daemon.path("port")],
                        ["mbpoll", "-m", "tcp", "-p", str(port), *read, host]):
            result = subprocess.run(command, capture_output=True, text=True, timeout=20,
                                    check=True)
            outputs.append(re.findall(r"^\[(\d+)\]:\s+(\S+)$", result.stdout, re.M))
        self.assertEqual(outputs[0], [("20482", "230"), ("20484", "230"), ("20486", "230")])
        self.assertEqual(outputs[0], outputs[1])


class Socat:
    """Two ptys joined: end a is the daemon's serial port, end b the client's."""

    def __init__(self, folder):
        self.a, self.b = os.path.join(folder, "a"), os.path.join(folder, "b")
        self.process = subprocess.Popen(
            ["socat", f"PTY,raw,echo=0,link={self.a}", f"PTY,raw,echo=0,link={self.b}"])
        end = time.monotonic() + 10
        while not (os.path.exists(self.a) and os.path.exists(self.b)):
            if time.monotonic() > end:
                raise AssertionError("socat makes no ptys")

    def unplug(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Serial(daemon.DaemonTest):
    def plug(self, options=""):
        self.folder = daemon.temporary_folder(self)
        self.socat = Socat(self.folder)
        self.addCleanup(lambda: self.socat.unplug())
        self.start(bench({"l": (f"{{tty: {self.socat.a}{options}}}", "real")}, meters=2))

    def until_answered(self, within):
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                with daemon.Port(self.socat.b) as port:
                    port.write(READ_VOLTAGE)
                    if port.read(9, timeout=0.5)[0] == VOLTAGE:
                        return True
            except OSError:
                pass
        return False

    def test_unplugging(self):
        """The daemon survives, looks for the port, and answers again when it is back."""
        self.plug()
        self.assertTrue(self.until_answered(5))
        for _ in range(2):
            self.socat.unplug()
            self.socat = Socat(self.folder)
            self.assertTrue(self.until_answered(10))
        status, err = self.daemon.stop()
        self.assertEqual(status, 0, err)
        self.assertEqual(err.count("is lost"), 2, err)
        self.assertEqual(err.count("is back"), 2, err)

    def test_a_pty_has_no_wire(self):
        """Somebody else's pty moves bytes at once: the line paces them, as on its own."""
        self.plug()
        with daemon.Port(self.socat.b) as port:
            spans = []
            for _ in range(9):
                port.write(READ_50)  # without a pause, the next one at once
                data, times = port.read(105)
                self.assertEqual(len(data), 105)
                spans.append(times[-1] - times[0])
        self.assertAlmostEqual(sorted(spans)[4], 104 * 11 / 9600, delta=0.006)

    def test_other_stations_on_the_wire(self):
        """Another station's answer, and soon after it our request: heard, though bytes may be late."""
        self.plug()
        foreign = daemon.crc(bytes([9, 3, 4, 0, 0, 0, 1]))
        with daemon.Port(self.socat.b) as port:
            for words in (foreign, daemon.crc(bytes([9, 0x83, 2])),
                          daemon.crc(bytes([9, 16, 0x40, 0, 0, 2]))):
                port.write(words)
                port.read(1, timeout=0.02)
                port.write(READ_VOLTAGE)
                self.assertEqual(port.read(9)[0], VOLTAGE)
                port.read(1, timeout=0.02)
        _, err = self.daemon.stop()
        self.assertIn("answers of other stations on the line: 3", err)

    def test_pieces_that_come_late(self):
        """An adapter hands over in pieces with pauses: one request all the same."""
        self.plug(", latency: 300ms")
        with daemon.Port(self.socat.b) as port:
            port.write(READ_VOLTAGE[:3])
            port.read(1, timeout=0.05)
            port.write(READ_VOLTAGE[3:])
            self.assertEqual(port.read(9)[0], VOLTAGE)

    def test_baud_rate_follows_the_first_station(self):
        """A new rate: answered in the old one; then the port speaks the new one."""
        self.plug()
        with daemon.Port(self.socat.b) as port:
            write = daemon.crc(bytes([1, 6, 0x40, 0x04, 0x12, 0xC0]))
            port.write(write)
            self.assertEqual(port.read(8)[0], write)
            port.read(1, timeout=0.05)
            port.write(READ_VOLTAGE)
            self.assertEqual(port.read(9)[0], VOLTAGE)
            # the second one has stayed at 9600, which is no longer spoken here
            port.read(1, timeout=0.05)
            port.write(daemon.crc(bytes([2, 3, 0x50, 0x02, 0, 2])))
            self.assertEqual(port.read(1, timeout=0.3)[0], b"")

    def test_adapter_that_echoes(self):
        """What the adapter hears of our own answer is no request."""
        self.plug(", adapter_echo: true")
        with daemon.Port(self.socat.b) as port:
            write = daemon.crc(bytes([1, 6, 0x40, 0x10, 0, 7]))
            for _ in range(3):
                port.write(write)
                data, _ = port.read(8)
                self.assertEqual(data, write)
                port.write(data)  # the echo
                self.assertEqual(port.read(1, timeout=0.1)[0], b"")

    def test_used_by_another(self):
        self.plug()
        self.daemon.write("other.yaml",
                          bench({"l": (f"{{tty: {self.socat.a}}}", "real")}))
        result = daemon.run("--config", self.daemon.path("other.yaml"))
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertRegex(result.stderr, r"line 'l': .*(in use|cannot open)")


@unittest.skipUnless(os.environ.get("METERSIM_TTY"), "METERSIM_TTY names no serial port to use")
class RealPort(daemon.DaemonTest):
    """A port that has a UART, which a test does not take unasked: METERSIM_TTY=/dev/ttyS0"""

    def test_format(self):
        for parity, flags in (("even", termios.PARENB), ("odd", termios.PARENB | termios.PARODD),
                              ("none", 0)):
            for options in ("", ", rs485: true"):
                self.start(bench({"l": (f"{{tty: {os.environ['METERSIM_TTY']}{options}}}", "real")},
                                 extra=f", settings: {{parity: {parity}, baud: 2400}}"))
                fd = os.open(f"/proc/{self.daemon.process.pid}/fd/{self._fd()}", os.O_RDONLY |
                             os.O_NOCTTY | os.O_NONBLOCK)  # root may, whoever has it for itself
                iflag, _, cflag, _, speed, _, _ = termios.tcgetattr(fd)
                os.close(fd)
                self.assertEqual(speed, termios.B2400)
                self.assertEqual(cflag & (termios.PARENB | termios.PARODD), flags)
                self.assertTrue(iflag & termios.INPCK)
                self._finish()

    def _fd(self):
        folder = f"/proc/{self.daemon.process.pid}/fd"
        for fd in os.listdir(folder):
            if os.readlink(os.path.join(folder, fd)) == os.environ["METERSIM_TTY"]:
                return fd
        raise AssertionError("the port is not open")


class Refused(daemon.DaemonTest):
    def refuse(self, port, reason):
        folder = daemon.temporary_folder(self)
        path = os.path.join(folder, "bench.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(bench({"l": (port, "real")}))
        result = daemon.run("--config", path)
        self.assertEqual(result.returncode, 69, result.stderr)
        self.assertRegex(result.stderr, reason)

    def test_what_cannot_be_opened(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for kind in ("tcp", "modbus_tcp"):
                self.refuse(f'{{{kind}: "127.0.0.1:{port}"}}',
                            "line 'l': cannot take the address .Address already in use")
        self.refuse("{tty: /dev/null/tty}", "line 'l': cannot open the serial port")
        self.refuse("{tty: nowhere}", "line 'l': cannot open the serial port .No such file")
        self.refuse("{tty: /dev/null}", "line 'l': cannot open the serial port")
        self.refuse('{tcp: "192.0.2.1:5020"}', "cannot take the address")


if __name__ == "__main__":
    unittest.main(verbosity=2)

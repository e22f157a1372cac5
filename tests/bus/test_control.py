# SPDX-License-Identifier: MIT
"""The control API: what it says is what the buses say, and what it refuses changes nothing."""
import json
import os
import signal
import socket
import stat
import struct
import threading
import time
import unittest

import control
import daemon

BENCH = """
meters:
  - name: main
    model: pro380-mod
    serial: "16100649"
    load: {current: [10, 5, 2], angle: [0, 60, 170]}
  - name: house
    model: pro380-mod
    serial: "16100650"
    settings: {modbus_id: 2}
    scenario: household.yaml
lines:
  - name: rs485
    protocol: modbus
    port: {pty: port}
    pace: off
    meters: [main, house]
"""

TOKEN = "a-token-of-24-characters"


def read_registers(port, first, count, unit=1):
    """The registers as bytes."""
    port.write(daemon.crc(struct.pack(">BBHH", unit, 3, first, count)))
    answer, _ = port.read(5 + 2 * count)
    assert answer == daemon.crc(answer[:-2]) and len(answer) == 5 + 2 * count, answer
    return answer[3:-2]


def real(data):
    return struct.unpack(">f", data)[0]


class ControlTest(daemon.DaemonTest):
    def start_client(self, config=BENCH, args=()):
        self.start(config, args)
        self.path = self.daemon.path("metersim/control")
        self.client = control.Client(self.path)
        self.addCleanup(self.client.close)
        return self.client

    def refused(self, answer, status, code):
        """An error of that kind; its message."""
        self.assertEqual(answer[0], status, answer)
        self.assertEqual(set(answer[1]), {"error"})
        self.assertEqual(set(answer[1]["error"]), {"code", "message", "where"})
        self.assertEqual(answer[1]["error"]["code"], code)
        return answer[1]["error"]["message"]

    def point(self, name, meter="main"):
        status, answer = self.client.get(f"/v1/meters/{meter}/points/{name}")
        self.assertEqual(status, 200, answer)
        return answer["value"]


class Values(ControlTest):
    def test_points_are_what_modbus_reads(self):
        self.start_client(args=("--speed", "0"))
        with daemon.Port(self.daemon.path("port")) as port:
            for name, register in (("voltage.l1", 0x5002), ("current.l3", 0x5010),
                                   ("active_power", 0x5012), ("active_power.l3", 0x5018),
                                   ("reactive_power.l2", 0x501E), ("power_factor", 0x502A),
                                   ("frequency", 0x5008), ("active_energy.forward", 0x600C)):
                bus = real(read_registers(port, register, 2))
                self.assertEqual(struct.pack(">f", self.point(name)), struct.pack(">f", bus), name)
            self.assertEqual(read_registers(port, 0x4000, 2).hex(), str(self.point("identity.serial")))
            status, answer = self.client.get("/v1/meters/main/points")
            self.assertEqual(status, 200)
            self.assertEqual({p["name"]: p["value"] for p in answer["points"]}["voltage.l1"], 230.0)
            self.assertGreater(len(answer["points"]), 80)

    def test_a_write_reaches_the_bus(self):
        self.start_client()
        with daemon.Port(self.daemon.path("port")) as port:
            for name, value, register, words, want in (
                    ("setting.s0_rate", 100, 0x400D, 2, struct.pack(">f", 100)),
                    ("setting.s0_rate", 0.01, 0x400D, 2, struct.pack(">f", 0.01)),
                    ("setting.lcd_cycle", "25", 0x4010, 1, b"\x00\x25"),
                    ("setting.combination_code", 5, 0x400F, 1, b"\x00\x05"),
                    ("tariff", 2, 0x6048, 1, b"\x00\x02")):
                status, answer = self.client.put(f"/v1/meters/main/points/{name}", {"value": value})
                self.assertEqual(status, 200, answer)
                self.assertEqual(read_registers(port, register, words), want, name)
            self.assertEqual(self.client.put("/v1/meters/main/points/setting.modbus_id",
                                             {"value": 9})[0], 200)
            read_registers(port, 0x4000, 2, unit=9)

    def test_refused_writes_change_nothing(self):
        self.start_client()
        for name, value, status, code in (
                ("voltage.l1", 5, 403, "read_only"), ("identity.serial", 5, 403, "read_only"),
                ("active_energy.forward", 0, 403, "read_only"),
                ("setting.baud", 1234, 422, "invalid"), ("setting.baud", 9600.5, 422, "invalid"),
                ("setting.modbus_id", 0, 422, "invalid"), ("setting.modbus_id", 248, 422, "invalid"),
                ("setting.modbus_id", 1e300, 422, "invalid"),
                ("setting.modbus_id", "one", 422, "invalid"),
                ("setting.modbus_id", None, 422, "invalid"),
                ("setting.modbus_id", [1], 422, "invalid"),
                ("setting.modbus_id", "1" * 100, 422, "invalid"),
                ("day_counter", 5, 422, "invalid"), ("tariff", 3, 422, "invalid")):
            before = self.point(name)
            answer = self.client.put(f"/v1/meters/main/points/{name}", {"value": value})
            self.refused(answer, status, code)
            self.assertEqual(self.point(name), before, name)
        path = "/v1/meters/main/points/setting.modbus_id"
        self.assertIn("'value' is expected", self.refused(
            self.client.put(path, {"valeu": 1}), 422, "invalid"))
        self.refused(self.client.put(path, {}), 422, "invalid")
        self.refused(self.client.put(path, {"value": 2, "also": 3}), 422, "invalid")
        self.refused(self.client.put("/v1/meters/main/points/setting.combination_code",
                                     {"value": 2}), 422, "invalid")
        self.assertEqual(self.client.put("/v1/meters/main/points/setting.combination_code",
                                         {"value": 10})[0], 200)
        self.refused(self.client.put("/v1/meters/main/points/setting.combination_code",
                                     {"value": 1}), 409, "conflict")

    def test_unknown_things(self):
        self.start_client()
        for path in ("/", "/v1/", "/v2/bench", "/v1/meters/none", "/v1/meters/main/points/",
                     "/v1/meters/none/points", "/v1/lines/none", "/v1/lines/rs485/faults/none",
                     "/v1/meters/main/world/grid.colour", "/v1/meters/" + "x" * 300,
                     "/v1/meters/main/points/voltage.l1/more", "/v1/meters//points"):
            self.refused(self.client.get(path), 404, "not_found")
        self.assertIn("did you mean 'voltage.l1'?", self.refused(
            self.client.get("/v1/meters/main/points/voltage.l4"), 404, "not_found"))
        self.refused(self.client.get("/v1/bench?x=1"), 400, "bad_query")
        self.refused(self.client.get("/v1/log?last=0"), 400, "bad_query")
        self.refused(self.client.get("/v1/log?last=1&last=2"), 400, "bad_query")
        self.refused(self.client.get("/v1/meters?from=-1"), 400, "bad_query")
        self.refused(self.client.get("/v1/meters?" + "&".join(f"a{i}=1" for i in range(20))), 400,
                     "bad_query")

    def test_lists_in_pieces(self):
        self.start_client(daemon.one_meter(meter="    count: 247"))
        seen, total = [], 1
        while len(seen) < total:
            status, answer = self.client.get(f"/v1/meters?from={len(seen)}&count=120")
            self.assertEqual(status, 200)
            self.assertLessEqual(len(answer["meters"]), 120)
            total = answer["total"]
            seen += [meter["name"] for meter in answer["meters"]]
        self.assertEqual(seen, [f"main-{i}" for i in range(1, 248)])
        self.assertEqual(len(self.client.get("/v1/meters")[1]["meters"]), 100)


class World(ControlTest):
    def test_grid_and_load(self):
        self.start_client()
        for name, value, want in (("grid.voltage", 240, [240.0] * 3), ("load.current", [1, 2, 3],
                                                                       [1.0, 2.0, 3.0]),
                                  ("grid.voltage.l2", "0.2 kV", 200.0),
                                  ("grid.frequency", 49.9, 49.9),
                                  ("load.harmonic.5", "20%", [20.0] * 3)):
            status, answer = self.client.put(f"/v1/meters/main/world/{name}", {"value": value})
            self.assertEqual(status, 200, answer)
            self.assertEqual(answer["value"], want)
            self.assertEqual(self.client.get(f"/v1/meters/main/world/{name}")[1], answer)
        points = {p["name"]: p["value"] for p in self.client.get("/v1/meters/main/world")[1]["points"]}
        self.assertEqual(points["grid.voltage"], [240.0, 200.0, 240.0])
        self.assertIn("load.harmonic.5", points)
        end = time.monotonic() + 10
        while self.point("voltage.l2") != 200.0 or self.point("current.l3") != -3.06:
            self.assertLess(time.monotonic(), end)

    def test_refusals_change_nothing(self):
        self.start_client()
        before = self.client.get("/v1/meters/main/world")
        for name, value in (("grid.voltage", 481), ("grid.voltage", -1), ("grid.voltage", "5 A"),
                            ("load.current", [1, 2]), ("load.current", [1, 2, 300]),
                            ("load.current.l1", [1, 2, 3]), ("load.current", {"l1": 5}),
                            ("load.current", True), ("load.current", [1, [2], 3]),
                            ("grid.frequency", 1e300), ("grid.frequency", "nan")):
            self.refused(self.client.put(f"/v1/meters/main/world/{name}", {"value": value}), 422,
                         "invalid")
        self.assertEqual(self.client.get("/v1/meters/main/world"), before)
        self.assertIn("follows its scenario", self.refused(
            self.client.put("/v1/meters/house/world/grid.voltage", {"value": 230}), 409, "conflict"))
        self.assertEqual(self.client.get("/v1/meters/house")[1]["follows"], "scenario")
        self.assertIsNone(self.client.get("/v1/meters/main")[1]["follows"])


class Time(ControlTest):
    def test_speed(self):
        self.start_client()
        self.assertEqual(self.client.put("/v1/time", {"speed": 0})[0], 200)
        first = self.client.get("/v1/time")[1]
        self.assertEqual(self.client.get("/v1/time")[1]["metering_s"], first["metering_s"])
        self.assertEqual(self.client.put("/v1/time", {"speed": 100000})[1]["speed"], 100000)
        end = time.monotonic() + 20
        while self.client.get("/v1/time")[1]["metering_s"] < first["metering_s"] + 3600:
            self.assertLess(time.monotonic(), end)
        for speed in (-1, 1e-9, 100001, "fast", None, True):
            self.refused(self.client.put("/v1/time", {"speed": speed}), 422, "invalid")
        self.assertEqual(self.client.get("/v1/bench")[1]["speed"], 100000)


class Lines(ControlTest):
    def test_verdict(self):
        self.start_client()
        with daemon.Port(self.daemon.path("port")) as port:
            for _ in range(3):
                read_registers(port, 0x5002, 2)
            port.write(daemon.crc(bytes.fromhex("010370000001")))
            port.read(5)
        status, line = self.client.get("/v1/lines/rs485")
        self.assertEqual(status, 200)
        self.assertEqual((line["requests"], line["answers"]), (4, 4))
        self.assertEqual(line["verdict"]["exceptions"], {"2": 1})
        self.assertEqual(line["verdict"]["unlisted"],
                         [{"station": 1, "first": 0x7000, "last": 0x7000, "count": 1}])
        self.assertEqual(line["verdict"]["text"][0], "requests: 4, answers: 4")
        self.assertEqual(line["meters"], ["main", "house"])
        self.assertEqual(self.client.get("/v1/lines")[1]["lines"][0]["requests"], 4)

    def test_faults_come_and_go(self):
        self.start_client()
        path = "/v1/lines/rs485/faults"
        status, fault = self.client.post(path, {"name": "gone", "drop": True, "count": 1,
                                                "station": "1..5", "line": "rs485"})
        self.assertEqual(status, 201, fault)
        self.assertEqual(fault, {"name": "gone", "direction": "answer", "station": "1..5",
                                 "probability": 1, "count": 1, "drop": True, "hits": 0})
        with daemon.Port(self.daemon.path("port")) as port:
            port.write(daemon.crc(bytes.fromhex("010350020002")))
            self.assertEqual(port.read(1, timeout=0.3)[0], b"")
            self.assertEqual(self.client.get(path + "/gone")[1]["hits"], 1)
            read_registers(port, 0x5002, 2)
            self.refused(self.client.post(path, {"name": "gone", "drop": True}), 409, "conflict")
            self.assertEqual(self.client.post(path, {"name": "no", "exception": 6})[0], 201)
            port.write(daemon.crc(bytes.fromhex("010350020002")))
            self.assertEqual(port.read(5)[0], daemon.crc(bytes.fromhex("018306")))
            self.assertEqual(self.client.delete(path + "/no"), (200, {"removed": 1}))
            read_registers(port, 0x5002, 2)
        self.assertEqual(self.client.delete(path), (200, {"removed": 1}))
        self.assertEqual(self.client.get(path)[1]["faults"], [])

    def test_faults_are_read_as_in_a_file(self):
        self.start_client()
        path = "/v1/lines/rs485/faults"
        for body, said in (
                ({"name": "x"}, "what does the fault do?"),
                ({"name": "x", "drop": True, "echo": True}, "a fault does one thing"),
                ({"name": "x", "drp": True}, "did you mean 'drop'?"),
                ({"drop": True}, "key 'name' is missing"),
                ({"name": "x", "drop": True, "probability": 2}, "neither from 0%"),
                ({"name": "x", "drop": True, "line": "other"}, "the path says 'rs485'"),
                ({"name": "x/y", "drop": True}, "letters, digits"),
                ({"name": "x", "drop": {"a": 1}}, "one value is expected"),
                ({"name": "x", "echo": True, "direction": "answer"}, "echo is of requests")):
            message = self.refused(self.client.post(path, body), 422, "invalid")
            self.assertIn(said, message, body)
        answer = self.client.post(path, {"name": "x", "corrupt": "cr"})
        self.assertEqual(answer[1]["error"]["where"], "body:1:26")
        self.assertEqual(self.client.get(path)[1]["faults"], [])
        for i in range(100):
            self.assertEqual(self.client.post(path, {"name": f"f{i}", "drop": True})[0], 201)
        self.refused(self.client.post(path, {"name": "more", "drop": True}), 409, "conflict")
        self.assertEqual(self.client.delete(path)[1], {"removed": 100})


class Recording(ControlTest):
    def test_without_a_file(self):
        self.start_client()
        self.assertEqual(self.client.get("/v1/capture"), (200, {"on": False}))
        self.assertIn("--capture", self.refused(self.client.put("/v1/capture", {"on": True}), 409,
                                                "conflict"))

    def test_off_and_on(self):
        folder = daemon.temporary_folder(self)
        text = os.path.join(folder, "bus.txt")
        self.start_client(args=("--capture", text))
        with daemon.Port(self.daemon.path("port")) as port:
            for on, count in ((None, 2), (False, 2), (True, 4)):
                if on is not None:
                    status, answer = self.client.put("/v1/capture", {"on": on})
                    self.assertEqual((status, answer["on"]), (200, on))
                read_registers(port, 0x5002, 2)
                self.assertEqual(self.client.get("/v1/capture")[1]["telegrams"], count)
            self.refused(self.client.put("/v1/capture", {"on": "yes"}), 422, "invalid")
        self.assertEqual(self.daemon.stop()[0], 0)
        with open(text, encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(len([line for line in lines if not line.startswith("#")]), 4)
        self.assertIn("# the capture pauses here", lines)


class Log(ControlTest):
    def test_log(self):
        self.start_client()
        self.client.put("/v1/time", {"speed": 2})
        self.client.put("/v1/time", {"speed": 3})
        status, answer = self.client.get("/v1/log?last=1")
        self.assertEqual(status, 200)
        self.assertEqual([line["text"] for line in answer["lines"]],
                         ["control: metering time runs at speed 3"])
        self.assertEqual(answer["lines"][0]["level"], "notice")
        self.assertEqual(self.client.get(f"/v1/log?after={answer['last']}")[1]["lines"], [])
        self.assertEqual(self.client.get("/v1/log?level=error")[1]["lines"], [])
        self.refused(self.client.get("/v1/log?level=loud"), 400, "bad_query")

    def test_metrics(self):
        self.start_client()
        with daemon.Port(self.daemon.path("port")) as port:
            read_registers(port, 0x5002, 2)
        self.client.post("/v1/lines/rs485/faults", {"name": "gone", "drop": True})
        status, headers, body = self.client.raw("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        text = body.decode()
        for sample in ('metersim_voltage_volts{meter="main",phase="l1"} 230.0',
                       'metersim_line_events_total{line="rs485",event="answer"} 1',
                       'metersim_fault_hits_total{line="rs485",fault="gone"} 0',
                       "metersim_speed 1"):
            self.assertIn(sample + "\n", text)
        family, seen = None, set()
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split()[2]
                self.assertNotIn(family, seen)
                seen.add(family)
            elif not line.startswith("#"):
                self.assertRegex(line, r'^%s(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.]+$' % family)
        self.assertIn("process_resident_memory_bytes", seen)

    def test_metrics_of_many(self):
        self.start_client(daemon.one_meter(meter="    count: 200"))
        body = self.client.raw("GET", "/metrics")[2].decode()
        self.assertEqual(body.count("metersim_voltage_volts{"), 600)
        self.assertEqual(body.count("metersim_active_energy_kilowatthours_total{"), 800)


class EventStream(ControlTest):
    def test_values(self):
        self.start_client()
        with control.Events(self.path, "?meter=main&points=voltage.l1,active_power&every=100ms"
                            "&types=values") as events:
            times = []
            for kind, data in events:
                self.assertEqual((kind, data["meter"]), ("values", "main"))
                self.assertEqual(data["values"]["voltage.l1"], 230.0)
                times.append(time.monotonic())
                if len(times) == 11:
                    break
            self.assertAlmostEqual(times[-1] - times[0], 1, delta=0.5)

    def test_telegrams_faults_and_settings(self):
        self.start_client()
        self.client.post("/v1/lines/rs485/faults", {"name": "late", "delay": "1ms", "count": 1})
        with control.Events(self.path) as events, daemon.Port(self.daemon.path("port")) as port:
            stream = iter(events)
            read_registers(port, 0x5002, 2)
            kind, data = next(stream)
            self.assertEqual((kind, data["from"], data["line"]), ("telegram", "master", "rs485"))
            self.assertTrue(data["bytes"].startswith("01 03 50 02 00 02 "))
            kind, data = next(stream)
            self.assertEqual((kind, data["fault"]), ("fault", "late"))
            kind, data = next(stream)
            self.assertEqual((kind, data["from"]), ("telegram", "station"))
            self.assertIn("230", data["meaning"] + "230")
            self.client.put("/v1/meters/main/points/setting.lcd_cycle", {"value": 7})
            self.assertEqual(next(stream), ("setting", {"meter": "main", "point":
                                                        "setting.lcd_cycle", "value": 7}))
            port.write(daemon.crc(bytes.fromhex("010640100012")))
            self.assertEqual(len(port.read(8)[0]), 8)
            kinds = [next(stream) for _ in range(3)]
            self.assertEqual(kinds[2], ("setting", {"meter": "main", "point": "setting.lcd_cycle",
                                                    "value": 12}))

    def test_bad_wishes(self):
        self.start_client()
        for query in ("points=voltage.l1", "meter=main&points=", "every=1ms", "every=2h", "every=x",
                      "types=nonsense", "types=values,nonsense", "types=", "what=1"):
            self.refused(self.client.get("/v1/events?" + query), 400, "bad_query")
        self.refused(self.client.get("/v1/events?meter=none"), 404, "not_found")
        self.refused(self.client.get("/v1/events?line=none"), 404, "not_found")
        self.refused(self.client.get("/v1/events?meter=main&points=nothing"), 404, "not_found")

    def test_a_slow_reader_is_dropped_and_the_bus_goes_on(self):
        self.start_client()
        slow = socket.socket(socket.AF_UNIX)
        self.addCleanup(slow.close)
        slow.connect(self.path)
        slow.sendall(b"GET /v1/events?types=telegram HTTP/1.1\r\nHost: x\r\n\r\n")
        end = time.monotonic() + 60
        asked = 0
        with daemon.Port(self.daemon.path("port")) as port:
            while b"dropped_total 0\n" in self.client.raw("GET", "/metrics")[2]:
                self.assertLess(time.monotonic(), end)
                for _ in range(200):
                    read_registers(port, 0x5002, 48)
                asked += 200
        self.assertIn(b"metersim_event_readers 0\n", self.client.raw("GET", "/metrics")[2])
        self.assertEqual(self.client.get("/v1/lines/rs485")[1]["answers"], asked)
        self.assertIn("does not read is dropped", self.client.get("/v1/log")[1]["lines"][-1]["text"])

    def test_readers_that_leave_are_noticed(self):
        self.start_client()
        readers = [control.Events(self.path, "?points=voltage.l1&meter=main&every=100ms")
                   for _ in range(5)]
        for reader in readers:
            next(iter(reader))
            reader.close()
        end = time.monotonic() + 10
        while b"metersim_event_readers 0\n" not in self.client.raw("GET", "/metrics")[2]:
            self.assertLess(time.monotonic(), end)

    def test_readers_have_a_limit_of_their_own(self):
        self.start_client()
        readers = [control.Events(self.path) for _ in range(64)]
        self.refused(self.client.get("/v1/events"), 503, "busy")
        self.assertEqual(self.client.get("/v1/bench")[0], 200)
        for reader in readers:
            reader.close()

    def test_the_end_with_readers(self):
        self.start_client()
        readers = [control.Events(self.path, "?types=setting") for _ in range(3)]
        self.assertEqual(self.daemon.stop()[0], 0)
        for reader in readers:
            self.assertEqual(list(reader), [])
            reader.close()


class Requests(ControlTest):
    def test_methods(self):
        self.start_client()
        status, headers, _ = self.client.raw("DELETE", "/v1/bench")
        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"))
        status, headers, _ = self.client.raw("PATCH", "/v1/lines/rs485/faults")
        self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD, POST, DELETE"))
        status, headers, _ = self.client.raw("OPTIONS", "/v1/bench",
                                             headers={"Origin": "http://evil.example"})
        self.assertEqual(status, 405)
        self.assertFalse([name for name in headers if name.startswith("Access-Control")])
        status, headers, body = self.client.raw("HEAD", "/v1/bench")
        self.assertEqual((status, body), (200, b""))
        self.assertEqual(self.client.raw("HEAD", "/v1/events")[0], 200)
        self.client.close()

    def test_bodies(self):
        self.start_client()
        path, kind = "/v1/time", {"Content-Type": "application/json"}
        for body in ("", "{", "{'speed': 1}", '{"speed": 1} x', '{"speed": 1, "speed": 2}',
                     "\xff", "[" * 5000, '{"speed": 01}', '{"speed": 1e999}'):
            status, _, text = self.client.raw("PUT", path, body.encode("latin-1"), kind)
            self.refused((status, json.loads(text)), 400, "bad_json")
        for body in ("[]", "1", '"x"', "null"):
            status, _, text = self.client.raw("PUT", path, body, kind)
            self.assertIn(status, (400, 422), body)
        for other in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/jsonx"}):
            status, _, text = self.client.raw("PUT", path, '{"speed": 5}', other)
            self.refused((status, json.loads(text)), 415, "unsupported_media_type")
        status, _, _ = self.client.raw("PUT", path, '{"speed": 5}',
                                       {"Content-Type": "application/json; charset=utf-8"})
        self.assertEqual(status, 200)
        self.refused(self.client.ask("DELETE", "/v1/lines/rs485/faults", {"x": 1}), 400, "bad_json")

    def send(self, text):
        """The first line of the answer to bytes on a connection of their own."""
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(2)
            raw.connect(self.path)
            try:
                raw.sendall(text)
                answer = b""
                while piece := raw.recv(65536):
                    answer += piece
                    if b"\r\n" in answer:
                        break
            except (BrokenPipeError, ConnectionResetError, TimeoutError):
                pass  # it does not listen to that any more, or waits for more of it
            return answer.split(b"\r\n")[0].decode()

    def test_sizes(self):
        self.start_client()
        head = "PUT /v1/time HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        self.assertIn("411", self.send((head + "\r\n").encode()))
        for length in (65537, 10**9, 10**30):
            self.assertIn("413", self.send(f"{head}Content-Length: {length}\r\n\r\n".encode()))
        body = '{"speed": 7' + " " * (65536 - 12) + "}"
        self.assertIn("200", self.send(f"{head}Content-Length: 65536\r\n\r\n{body}".encode()))
        self.assertIn("4", self.send(b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"))
        self.send(b"\x00\x01\x02 \x03 HTTP/1.1\r\n\r\n")
        self.send(b"GET /v1/bench HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n")
        self.assertEqual(self.client.get("/v1/time")[1]["speed"], 7)

    def test_many_clients(self):
        self.start_client()
        idle = [control.UnixConnection(self.path) for _ in range(64)]
        for connection in idle:
            connection.connect()
        busy = control.Client(self.path)
        answers = [busy.get("/v1/bench")[0] for _ in range(2)]
        self.assertEqual(answers, [503, 503])
        with daemon.Port(self.daemon.path("port")) as port:
            read_registers(port, 0x5002, 2)
        for connection in idle:
            connection.close()
        busy.close()
        self.assertEqual(self.client.get("/v1/bench")[0], 200)

    def test_threads_of_clients(self):
        self.start_client()
        failed = []

        def work():
            client = control.Client(self.path)
            for _ in range(100):
                if client.get("/v1/meters/main/points/voltage.l1")[1]["value"] != 230.0:
                    failed.append(1)
            client.close()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])


class Doors(ControlTest):
    def panel(self):
        line = [line for line in self.daemon.banner.splitlines() if line.startswith("  panel ")][0]
        host, _, port = line.split("http://")[1].rpartition(":")
        return host.strip("[]"), int(port)

    def test_socket_file(self):
        self.start_client()
        info = os.stat(self.path)
        self.assertTrue(stat.S_ISSOCK(info.st_mode))
        self.assertEqual(stat.S_IMODE(info.st_mode), 0o600)
        self.assertIn(f"  control    metersimctl  {self.path}\n", self.daemon.banner)
        other = daemon.run("--config", self.daemon.write("b2.yaml", BENCH.replace(
            "pty: port", "pty: port2")), "--control", self.path)
        self.assertEqual(other.returncode, 69, other.stderr)
        self.assertIn("another metersimd listens there", other.stderr)
        self.assertFalse(os.path.lexists(self.daemon.path("port2")))
        self.assertEqual(self.client.get("/v1/bench")[0], 200)

    def test_two_daemons(self):
        """The second one at the default place goes without a socket, and says so."""
        self.start_client()
        other = daemon.Daemon(BENCH.replace("pty: port", "pty: port2"), folder=self.daemon.folder)
        self.assertNotIn("metersimctl", other.banner)
        self.assertTrue(os.path.lexists(other.path("port2")))
        other.signal(signal.SIGTERM)
        _, err = other.process.communicate(timeout=20)
        self.assertEqual(other.process.returncode, 0, err)
        self.assertIn("this one has no control socket", err)
        self.assertEqual(self.client.get("/v1/bench")[0], 200)

    def test_a_dangling_socket_is_replaced(self):
        folder = daemon.temporary_folder(self)
        place = os.path.join(folder, "deep", "er", "control")
        killed = daemon.Daemon(BENCH, args=("--control", place))
        killed.kill()
        self.assertTrue(os.path.exists(place))
        self.start(BENCH, args=("--control", place))
        client = control.Client(place)
        self.assertEqual(client.get("/v1/bench")[0], 200)
        client.close()
        self.assertEqual(self.daemon.stop()[0], 0)
        self.assertFalse(os.path.lexists(place))

    def test_something_else_is_left_alone(self):
        folder = daemon.temporary_folder(self)
        place = os.path.join(folder, "control")
        config = os.path.join(folder, "bench.yaml")
        for path, text in ((place, "mine"), (config, BENCH)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        for where, said in ((place, "is not a socket"), (os.path.join(folder, "x" * 120), "too long"),
                            (os.path.join(place, "control"), "Not a directory")):
            done = daemon.run("--config", config, "--control", where)
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertIn(said, done.stderr)
        with open(place, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_off(self):
        self.start(BENCH, args=("--control", "off", "--panel", "off"))
        self.assertNotIn("control", self.daemon.banner)
        self.assertFalse(os.path.exists(self.daemon.path("metersim/control")))

    def test_host_and_origin(self):
        self.start_client(args=("--panel", "127.0.0.1:0"))
        host, port = self.panel()
        client = control.Client(address=(host, port))
        self.addCleanup(client.close)
        for name in (f"127.0.0.1:{port}", "localhost", f"LOCALHOST:{port}", "[::1]:80", "127.9.9.9"):
            self.assertEqual(client.ask("GET", "/v1/bench", Host=name)[0], 200, name)
        for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "10.0.0.1",
                     "localhost.evil.example", "[::1", "localhost:80x", "0.0.0.0"):
            self.refused(client.ask("GET", "/v1/bench", Host=name), 403, "forbidden")
        here = f"127.0.0.1:{port}"
        self.assertEqual(client.ask("GET", "/v1/bench", Origin=f"http://{here}")[0], 200)
        for origin in ("null", "http://evil.example", "https://" + here, f"http://{here}.evil"):
            self.refused(client.ask("PUT", "/v1/time", {"speed": 9}, Origin=origin), 403, "forbidden")
        self.assertEqual(client.get("/v1/time")[1]["speed"], 1)

    def test_token(self):
        folder = daemon.temporary_folder(self)
        place = os.path.join(folder, "token")
        with open(place, "w", encoding="utf-8") as file:
            file.write(TOKEN + "\n")
        os.chmod(place, 0o600)
        self.start_client(args=("--panel", "0.0.0.0:0", "--control-token", place))
        client = control.Client(address=("127.0.0.1", self.panel()[1]))
        self.addCleanup(client.close)
        for value in (None, "", "Bearer", "Bearer ", "Bearer wrong", f"Bearer {TOKEN}x",
                      f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}{TOKEN}", f"Basic {TOKEN}"):
            headers = {} if value is None else {"Authorization": value}
            status, got, text = client.raw("GET", "/v1/bench", headers=headers)
            self.refused((status, json.loads(text)), 401, "unauthorized")
            self.assertEqual(got["WWW-Authenticate"], "Bearer")
        self.assertEqual(client.ask("GET", "/v1/bench", Authorization=f"Bearer {TOKEN}")[0], 200)
        self.assertEqual(self.client.get("/v1/bench")[0], 200)  # the Unix socket needs none

    def test_beyond_loopback_without_a_token(self):
        folder = daemon.temporary_folder(self)
        config = os.path.join(folder, "bench.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BENCH)
        socket_args = ("--config", config, "--control", os.path.join(folder, "c"))
        done = daemon.run(*socket_args, "--panel", "0.0.0.0:0")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn("--control-token FILE is needed", done.stderr)
        token = os.path.join(folder, "token")
        done = daemon.run(*socket_args, "--panel", "0.0.0.0:0", "--control-token", token)
        self.assertEqual(done.returncode, 66, done.stderr)
        for text, mode, said in (("short", 0o600, "visible characters"), (TOKEN, 0o644, "others"),
                                 ("a token with many blanks in it", 0o600, "visible")):
            with open(token, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(token, mode)
            done = daemon.run(*socket_args, "--panel", "0.0.0.0:0", "--control-token", token)
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn(said, done.stderr)
        self.assertEqual(daemon.run("--panel", "nowhere").returncode, 64)


if __name__ == "__main__":
    daemon.main()

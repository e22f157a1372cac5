# SPDX-License-Identifier: MIT
"""metersimd --run: scenarios in virtual time, what they expect, and the reports."""
import glob
import hashlib
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as tree

import daemon

FLATS = """
seed: 3
meters:
  - {name: flat, count: 3, model: pro380-mod}
  - {name: main, model: pro380-mod, settings: {modbus_id: 10}}
lines:
  - {name: bus, protocol: modbus, port: {pty: bus}, meters: [flat, main]}
  - {name: gate, protocol: modbus, port: {tty: /dev/nowhere}, pace: off, meters: [main]}
"""


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = daemon.temporary_folder(self)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def play(self, text, *args, status=0, config=None, name="s.yaml"):
        """Plays a scenario; its stdout and stderr."""
        command = ["--run", self.write(name, text), *args]
        if config:
            command += ["--config", self.write("bench.yaml", config)]
        result = daemon.run(*command)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertNotIn("runtime error", result.stderr)
        return result.stdout, result.stderr

    def events(self, *events, duration="1h", extra=""):
        return f"name: test\nduration: {duration}\n{extra}timeline:\n" + \
            "".join(f"  - {{{event}}}\n" for event in events)

    def hold(self, event, *before, **kwargs):
        """The expectations of an event hold, and its whole is of one step."""
        self.play(self.events(*before, event), **kwargs)

    def missed(self, event, *before, **kwargs):
        return self.play(self.events(*before, event), status=1, **kwargs)[1]

    # --- expectations ---

    def test_operators(self):
        load = "at: 0s, set: {load.current: 10, grid.voltage: 230}"
        held = ["voltage.l1: {near: 230 V, within: 0.1}", "voltage.l1: {near: 231, within: 0.5%}",
                "voltage.l1: {above: 229.9, below: 0.2301 kV}", "voltage.l1: {equals: 230}",
                "active_power: {near: 6.9 kW, within: 1 W}", "active_power: {near: 6900 W, within: 0}",
                "active_power: {near: 6.9, within: 0.0001}",
                "active_energy.forward: {near: 6.9 kWh, within: 0.1%}",
                "active_energy.forward: {above: 6890 Wh, below: 0.00691 MWh}",
                "identity.serial: {equals: 16100649}", "setting.modbus_id: {equals: 1}",
                "tariff: {equals: 1}", "frequency: {unchanged: 59min}",
                "line.rs485.requests: {equals: 0}", "fault.none: {equals: 0}"]
        for expectation in held:
            self.hold(f"at: 1h, expect: {{{expectation}}}", load)
        missed = {"voltage.l1: {near: 231 V, within: 0.9}": "it is 230.0 V",
                  "voltage.l1: {near: 231, within: 0.4%}": "near 231 V within 0.4 %",
                  "voltage.l1: {above: 230}": "above 230 V: it is 230.0 V",
                  "voltage.l1: {below: 230}": "below 230 V", "voltage.l1: {equals: 230.1}": "equals",
                  "active_energy.forward: {unchanged: 1s}": "unchanged since 1 s",
                  "line.rs485.requests: {above: 0}": "line.rs485.requests above 0: it is 0",
                  "setting.modbus_id: {equals: 2}": "setting.modbus_id of main equals 2: it is 1"}
        for expectation, message in missed.items():
            err = self.missed(f"at: 1h, expect: {{{expectation}}}", load)
            self.assertIn(message, err)
            self.assertRegex(err, r"s\.yaml:5: at 3600 s: ")

    def test_one_of_several_fails(self):
        out, err = self.play(self.events(
            "at: 10s, expect: {voltage.l1: {above: 1}, voltage.l2: {below: 1}}"), status=1)
        self.assertEqual(out, "test: 1 of 2 expectations held\n")
        self.assertIn("voltage.l2 of main below 1 V: it is 230.0 V", err)
        self.assertNotIn("voltage.l1", err)

    def test_a_window_counts_when_it_is_over(self):
        """What is expected at a time sees the windows up to then, and what is set with it not."""
        self.play(self.events("at: 0s, set: {load.current: 1}", "at: 10s, set: {load.current: 2}",
                              "at: 10s, expect: {current.l1: {equals: 1}}",
                              "at: 10.2s, expect: {current.l1: {equals: 2}}"))

    # --- reports ---

    def test_reports(self):
        text = self.events("at: 1s, expect: {voltage.l1: {above: 1}}",
                           "at: 2s, expect: {identity.name: {equals: 'a<b&\"c'}}", duration="5s")
        self.play(text, "--report", self.path("r.xml"), status=1)
        suite = tree.fromstring(self.read("r.xml")).find("testsuite")
        self.assertEqual((suite.get("name"), suite.get("tests"), suite.get("failures")),
                         ("test", "2", "1"))
        cases = suite.findall("testcase")
        self.assertEqual(cases[0].get("name"), "at 1 s: voltage.l1 of main above 1 V")
        self.assertIsNone(cases[0].find("failure"))
        self.assertIn("equals 'a<b&\"c'", cases[1].get("name"))
        self.assertRegex(cases[1].find("failure").text, r"s\.yaml:5$")
        self.play(text, "--report", self.path("r.tap"), status=1)
        tap = self.read("r.tap").decode().splitlines()
        self.assertEqual(tap[:3], ["TAP version 13", "1..2",
                                   "ok 1 - at 1 s: voltage.l1 of main above 1 V"])
        self.assertTrue(tap[3].startswith("not ok 2 - at 2 s: identity.name of main equals"))

    def test_reports_that_cannot_be(self):
        text = self.events("at: 1s, expect: {voltage.l1: {above: 1}}", duration="5s")
        self.play(text, "--report", self.path("r.txt"), status=64)
        _, err = self.play(text, "--report", self.path("no/r.xml"), status=74)
        self.assertIn("the report cannot be written: No such file", err)
        _, err = self.play(text, "--capture", self.path("no/bus"), status=74)
        self.assertIn("the capture cannot be written", err)

    # --- time ---

    def test_until(self):
        text = self.events("at: 0s, set: {load.current: 10}", "at: 50s, mark: here",
                           "at: 100s, mark: there", duration="10min")
        _, err = self.play(text, "--until", "1min")
        self.assertIn("50.000 s: here", err)
        self.assertNotIn("there", err)

    def test_rounds(self):
        """A scenario that repeats does so with all its events."""
        text = self.events("at: 0s, expect: {voltage.l1: {above: 1}}", "at: 5s, mark: half",
                           duration="10s", extra="repeat: true\n")
        out, err = self.play(text, "--until", "35s")
        self.assertEqual(out, "test: 4 of 4 expectations held\n")
        self.assertEqual(re.findall(r"([\d.]+) s: half", err), ["5.000", "15.000", "25.000", "35.000"])

    def test_same_seed_same_bytes(self):
        text = self.events("at: 0s, set: {load.current: 5}",
                           "at: 0s, vary: {load.current: 20%, grid.voltage: 1%, every: 1s}",
                           "at: 0s, set: {grid.noise: 0.1%}",
                           "at: 0s, poll: {line: bus, read: current.l1, every: 7s}, meter: '*'",
                           "at: 1min, fault: {name: f, line: bus, corrupt: bits, probability: 30%}",
                           "at: 9min, expect: {voltage.l1: {above: 240}}, meter: main",
                           duration="10min", extra="meter: '*'\n")
        runs = []
        for number, seed in enumerate((1, 1, 2)):
            self.play(text, "--capture", self.path(f"bus{number}"), "--report",
                      self.path(f"r{number}.tap"), "--seed", str(seed), config=FLATS, status=1)
            runs.append([hashlib.sha256(self.read(name)).hexdigest() for name in
                         (f"bus{number}", f"bus{number}.pcapng", f"r{number}.tap")])
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0][0], runs[2][0])
        text = self.read("bus0")
        self.assertGreater(text.count(b"\n"), 4 * 2 * 600 // 7 - 20)
        self.assertIn(b"CRC error", text)
        self.assertNotIn(b"> CRC error", text)

    # --- what happens ---

    def test_profile(self):
        held = "at: 0s, profile: {load.current.l1: [[0s, 1], [1h, 3 A], [2h, 0.5]], every: 3h}"
        self.play(self.events(
            held, *(f"at: {3 * day + hour}h30min, expect: {{current.l1: {{equals: {amps}}}}}"
                    for day in (0, 1) for hour, amps in ((0, 1), (1, 3), (2, 0.5))), duration="8h"))
        linear = ("at: 0s, profile: {load.current: [[0s, 1], [1h, [3, 5, 1]]], every: 2h, "
                  "shape: linear}")
        self.play(self.events(
            linear, "at: 30min, expect: {current.l1: {near: 2, within: 0.01}, "
            "current.l2: {near: 3, within: 0.01}, current.l3: {near: 1, within: 0}}",
            "at: 90min, expect: {current.l1: {near: 2, within: 0.01}}",
            "at: 2h30min, expect: {current.l2: {near: 3, within: 0.01}}", duration="4h"))

    def test_ramp_in_steps(self):
        self.play(self.events("at: 0s, set: {load.current: 0}",
                              "at: 0s, ramp: {load.current: 10, over: 100s, step: 10s}",
                              "at: 9.8s, expect: {current.l1: {equals: 0}}",
                              "at: 15s, expect: {current.l1: {equals: 1}}",
                              "at: 19.8s, expect: {current.l1: {equals: 1}}",
                              "at: 95s, expect: {current.l1: {equals: 9}}",
                              "at: 101s, expect: {current.l1: {equals: 10}}"))

    def test_every_and_times(self):
        out, _ = self.play(self.events("at: 1min, every: 10s, times: 4, mark: m",
                                       "at: 2min, every: 10min, expect: {voltage.l1: {above: 1}}"))
        self.assertEqual(out, "test: 6 of 6 expectations held\n")

    def test_include(self):
        self.write("part.yaml", self.events("at: 0s, set: {load.current: 7}",
                                            "at: 10s, set: {load.current: 0}", duration="20s"))
        self.play(self.events("at: 1min, include: part.yaml",
                              "at: 1min5s, expect: {current.l1: {equals: 7}}",
                              "at: 1min15s, expect: {current.l1: {equals: 0}}"))
        self.write("loop.yaml", self.events("at: 0s, include: loop.yaml"))
        _, err = self.play(self.events("at: 0s, include: loop.yaml"), status=78)
        self.assertIn("deeper than", err)
        self.write("bad.yaml", self.events("at: 0s, set: {load.curent: 7}"))
        _, err = self.play(self.events("at: 0s, include: bad.yaml"), status=78)
        self.assertRegex(err, r"bad\.yaml:4:\d+: there is no world point 'load.curent', did you mean")

    def test_meters(self):
        self.play(self.events("at: 0s, meter: 'flat-*', set: {load.current: 2}",
                              "at: 0s, meter: flat-2, set: {load.current: 3}",
                              "at: 0s, set: {load.current: 4}",
                              "at: 1s, meter: 'flat-[13]', expect: {current.l1: {equals: 2}}",
                              "at: 1s, meter: flat-2, expect: {current.l1: {equals: 3}}",
                              "at: 1s, expect: {current.l1: {equals: 4}}",
                              extra="meter: main\n"), config=FLATS)
        for text in (self.events("at: 0s, set: {load.current: 2}"),
                     self.events("at: 0s, expect: {current.l1: {equals: 2}}")):
            _, err = self.play(text, config=FLATS, status=78)
            self.assertIn("there are several meters", err)
        _, err = self.play(self.events("at: 0s, meter: nobody, power: off"), config=FLATS, status=78)
        self.assertIn("there is no meter 'nobody'", err)

    def test_power(self):
        """Without supply: nothing is counted, nobody answers; then a power-down more."""
        self.play(self.events(
            "at: 0s, set: {load.current: 10}", "at: 0s, poll: {read: current.l1, every: 10s}",
            "at: 10min, power: off, for: 10min",
            "at: 19min59s, expect: {active_energy.forward: {near: 1.15 kWh, within: 0.01}, "
            "line.rs485.requests: {equals: 120}, line.rs485.answers: {equals: 60}, "
            "power_down_counter: {equals: 0}}",
            "at: 29min59s, expect: {active_energy.forward: {near: 2.3 kWh, within: 0.01}, "
            "line.rs485.answers: {equals: 120}, power_down_counter: {equals: 1}}",
            "at: 40min, power: off", "at: 50min, power: on",
            "at: 55min, expect: {power_down_counter: {equals: 2}}"))

    def test_faults_and_polls(self):
        out = self.play(self.events(
            "at: 0s, poll: {line: bus, read: voltage.l1, every: 1s, for: 100s}, meter: main",
            "at: 10s, fault: {name: f, line: bus, exception: 4, count: 5}",
            "at: 20s, fault: {name: g, line: bus, drop: true}",
            "at: 30s, clear: {fault: g, line: bus}",
            "at: 2min, expect: {line.bus.requests: {equals: 100}, line.bus.answers: {equals: 90}, "
            "line.bus.exceptions: {equals: 5}, fault.f: {equals: 5}, line.bus.too_early: {equals: 0}}",
            duration="3min"), config=FLATS)[0]
        self.assertEqual(out, "test: 5 of 5 expectations held\n")

    # --- errors ---

    def test_errors(self):
        rows = [
            ("at: 0s", "one of set, ramp, vary, profile, include, fault"),
            ("at: 0s, set: {load.current: 1}, mark: x", "one of set, ramp"),
            ("at: 0s, expect: {voltag.l1: {above: 1}}", "no point 'voltag.l1', did you mean 'voltage.l1'"),
            ("at: 0s, expect: {line.l.answer: {above: 1}}", "no number 'answer', did you mean 'answers'"),
            ("at: 0s, expect: {voltage.l1: {near: 1}}", "near and within belong together"),
            ("at: 0s, expect: {voltage.l1: {}}", "near, above, below, equals or unchanged"),
            ("at: 0s, expect: {voltage.l1: {above: 1 A}}", "above: '1 A' is not a number of V"),
            ("at: 0s, expect: {voltage.l1: {near: 1, within: -1}}", "less than nothing"),
            ("at: 0s, expect: {identity.name: {above: 1}}", "a text can only be equal"),
            ("at: 0s, expect: {line.other.answers: {above: 1}}", "there is no line 'other'"),
            ("at: 0s, poll: {read: voltage.l1}", "key 'every' is missing"),
            ("at: 0s, poll: {read: identity.hardware_revision, every: 1s}", "no point"),
            ("at: 0s, poll: {read: angle.voltage.l2, every: 1s}", "has no register with"),
            ("at: 0s, poll: {line: x, read: voltage.l1, every: 1s}", "there is no line 'x'"),
            ("at: 0s, fault: {name: f}", "what does the fault do"),
            ("at: 0s, times: 3, mark: x", "times: only with 'every'"),
            ("at: 0s, for: 3s, mark: x", "for: only with 'power'"),
            ("at: 0s, include: nothing", "include: 'nothing' cannot be read"),
            ("at: 0s, profile: {load.current: 3}", "a list of 1 to 1000 times and values"),
            ("at: 0s, profile: {load.current: [[1s, 2], [1s, 3]]}", "times go upward"),
            ("at: 0s, profile: {load.current: [[1h, 2]], every: 1h}", "end before 'every'"),
            ("at: 0s, profile: {load.current: [1h, 2]}", "a time and a value are expected"),
            ("at: 2h, mark: x", "after the end of the scenario"),
            ("at: 0s, every: 1ms, set: {load.current: 1}", "more than 200000 events"),
        ]
        for event, message in rows:
            _, err = self.play(self.events(event), status=78)
            self.assertRegex(err, r"s\.yaml:\d+")
            self.assertIn(message, err)
        self.assertEqual(daemon.run("--run", self.path("nothing.yaml")).returncode, 66)
        for args in (["--until", "1h"], ["--report", "x.xml"], ["--run", "x", "--check", "y"],
                     ["--run", "x", "--until", "soon"]):
            self.assertEqual(daemon.run(*args).returncode, 64)


class Shipped(unittest.TestCase):
    """Every scenario that comes with the program holds, and fails when it is turned round."""

    def scenarios(self):
        return sorted(glob.glob(os.path.join(daemon.TOP, "scenarios", "*.yaml")))

    def config_of(self, path):
        """A scenario that needs a bench of its own has it beside it."""
        bench = path.replace(".yaml", ".bench")
        return ["--config", bench] if os.path.exists(bench) else []

    def test_they_hold(self):
        for path in self.scenarios():
            with self.subTest(os.path.basename(path)):
                result = daemon.run("--run", path, *self.config_of(path))
                self.assertEqual(result.returncode, 0, result.stderr)
                held = re.search(r": (\d+) of (\d+) expectations held", result.stdout)
                self.assertGreater(int(held.group(2)), 0, "it expects nothing")

    def test_turned_round_they_fail(self):
        """No value is a hundred million more than it is above: every single one must fail then."""
        folder = daemon.temporary_folder(self)
        far = {"above": "9000000", "below": "-9000000", "near": "9", "equals": "9"}
        for path in self.scenarios():
            with open(path, encoding="utf-8") as file:
                text = re.sub(r"\b(above|below|near|equals): -?",
                              lambda match: match.group(0).rstrip("-") + far[match.group(1)],
                              file.read())
            copy = os.path.join(folder, os.path.basename(path))
            tap = os.path.join(folder, "turned.tap")
            with open(copy, "w", encoding="utf-8") as file:
                file.write(text)
            with self.subTest(os.path.basename(path)):
                result = daemon.run("--run", copy, "--report", tap, *self.config_of(path))
                self.assertEqual(result.returncode, 1, result.stderr)
                with open(tap, encoding="utf-8") as file:
                    held = [line for line in file if line.startswith("ok ")]
                self.assertEqual([line for line in held
                                  if re.search(" (above|below|near|equals) ", line)], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)

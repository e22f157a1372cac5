# SPDX-License-Identifier: MIT
"""A meter whose terminals see a recording, and go back to grid and load when it is over."""
import math
import struct
import time

import daemon

READ_VOLTAGE = daemon.crc(bytes([1, 3, 0x50, 0x02, 0, 2]))


def csv(seconds, volts):
    rows = ["time,v1,v2,v3,i1"]
    for k in range(int(seconds * 4000)):
        angle = 2 * math.pi * 50 * k / 4000
        peak = volts * math.sqrt(2)
        rows.append(f"{k / 4000:.5f},{peak * math.sin(angle):.3f},"
                    f"{peak * math.sin(angle - 2.0944):.3f},"
                    f"{peak * math.sin(angle + 2.0944):.3f},{5 * math.sin(angle):.4f}")
    return "\n".join(rows) + "\n"


class Recording(daemon.DaemonTest):
    def volts(self, port):
        port.write(READ_VOLTAGE)
        return struct.unpack(">f", port.read(9)[0][3:7])[0]

    def wait_for(self, port, volts):
        end = time.monotonic() + 20
        got = []
        while time.monotonic() < end:
            got.append(self.volts(port))
            if abs(got[-1] - volts) < 0.051:
                return
        self.fail(f"never {volts} V, but {sorted(set(got))}")

    def test_played_once(self):
        self.start(daemon.one_meter(meter="    recording: sag.csv"),
                   files={"sag.csv": csv(1.0, 120)})
        with daemon.Port(self.daemon.path("port")) as port:
            self.wait_for(port, 120)
            self.wait_for(port, 230)  # grid and load of the configuration

    def test_first_answer_holds_values(self):
        """The piece before the first zero crossing is not shown; also when time stands still."""
        for args in ([], ["--speed", "0"]):
            self.start(daemon.one_meter(meter="    recording: sag.csv"), args=args,
                       files={"sag.csv": csv(2.0, 120)})
            with daemon.Port(self.daemon.path("port")) as port:
                self.assertAlmostEqual(self.volts(port), 120, delta=0.051)
            self._finish()

    def test_repeated(self):
        self.start(daemon.one_meter(meter="    recording: {file: sag.csv, repeat: true}"),
                   args=["--speed", "20"], files={"sag.csv": csv(1.0, 120)})
        with daemon.Port(self.daemon.path("port")) as port:
            self.wait_for(port, 120)
            port.read(1, timeout=0.5)  # ten rounds
            self.wait_for(port, 120)


if __name__ == "__main__":
    daemon.main()

# SPDX-License-Identifier: MIT
"""Every address and every function code of the running daemon (manual A3.2, old map)."""
import os
import subprocess

import daemon


class Conformance(daemon.DaemonTest):
    def test_walk(self):
        self.start(daemon.one_meter(
            meter="    registers: {active_energy.forward.t1: 1234.56, "
                  "active_energy.reverse.t2: 65.43,\n"
                  "                reactive_energy.forward: 9.87, "
                  "reactive_energy.reverse.t2: 6.5}"), args=["--speed", "0"])
        done = subprocess.run([os.environ["BUS_WALK"], self.daemon.path("port")],
                              capture_output=True, text=True, timeout=170, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    daemon.main()

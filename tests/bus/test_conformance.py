# SPDX-License-Identifier: MIT
"""Every address and every function code of the running daemon (manual A3.2, old map)."""
import os
import subprocess

import daemon


class Conformance(daemon.DaemonTest):
    def test_walk(self):
        self.start(daemon.one_meter())
        done = subprocess.run([os.environ["BUS_WALK"], self.daemon.path("port")],
                              capture_output=True, text=True, timeout=170, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    daemon.main()

# SPDX-License-Identifier: MIT
"""daemon - starts metersimd for a test, waits until it is ready, and ends it.

Nothing here sleeps: what a test waits for is a line of output, a byte or an exit.
"""
import fcntl
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import tty
import unittest

METERSIMD = os.environ["METERSIMD"]
TOP = os.environ["METERSIM_TOP"]
READY_S = 20  # a build with sanitizers on a busy machine


class Daemon:
    """A running metersimd; config: YAML text, or None for the demo bench."""

    def __init__(self, config=None, args=(), files=None, folder=None):
        self.folder = folder or tempfile.mkdtemp(prefix="metersim-test-")
        for name, text in (files or {}).items():
            self.write(name, text)
        command = [METERSIMD, *args]
        if config is not None:
            command += ["--config", self.write("bench.yaml", config)]
        environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        environment.pop("RUNTIME_DIRECTORY", None)
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/",
            env=environment)
        self.banner = self._until_ready()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def path(self, name):
        return os.path.join(self.folder, name)

    def _until_ready(self):
        """What it prints up to the line 'ready'."""
        text = ""
        end = time.monotonic() + READY_S
        stdout = self.process.stdout.fileno()
        while not text.endswith("ready\n"):
            left = end - time.monotonic()
            if left <= 0 or not select.select([stdout], [], [], left)[0]:
                self.kill()
                raise AssertionError("metersimd is not ready: " + text)
            piece = os.read(stdout, 65536).decode()
            if piece == "":
                _, err = self.process.communicate()
                shutil.rmtree(self.folder, ignore_errors=True)
                raise AssertionError(f"metersimd ended ({self.process.returncode}): {err}")
            text += piece
        return text

    def address(self, line):
        """Where the line's TCP port is, as the banner says: (host, port)."""
        found = re.search(rf"^  {line} +Modbus (?:RTU|TCP) +(?:tcp )?(\S+):(\d+)$", self.banner, re.M)
        return found.group(1), int(found.group(2))

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Ends it as systemd would. Returns exit status and stderr."""
        self.signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=READY_S)
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.process.returncode, err

    def kill(self, keep=False):
        """As a power cut would; keep: what it has left behind."""
        self.process.kill()
        self.process.communicate()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


class DaemonTest(unittest.TestCase):
    """A test with one daemon; it must end with status 0 and without sanitizer reports."""

    def start(self, config=None, args=(), files=None):
        self.daemon = Daemon(config, args, files)
        self.addCleanup(self._finish)
        return self.daemon

    def _finish(self):
        if self.daemon.process.returncode is None:
            status, err = self.daemon.stop()
            self.assertEqual(status, 0, err)
            self.assertNotIn("runtime error", err)


def temporary_folder(test):
    """A folder that goes when the test ends."""
    folder = tempfile.mkdtemp(prefix="metersim-test-")
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return folder


def run(*args, **kwargs):
    """metersimd with these arguments, to its end."""
    return subprocess.run([METERSIMD, *args], capture_output=True, text=True, timeout=120,
                          check=False, **kwargs)


def one_meter(line="", meter="", pace="off"):
    """A bench of one meter on one pty named 'port' beside the file."""
    return f"""
meters:
  - name: main
    model: pro380-mod
    serial: "16100649"
    grid: {{voltage: 230, frequency: 50}}
    load: {{current: [10, 5, 2], angle: [0, 60, 170]}}
{meter}
lines:
  - name: rs485
    protocol: modbus
    port: {{pty: port}}
    pace: {pace}
    meters: [main]
{line}
"""


class Port:
    """A pty opened raw at a baud rate, as a simple master would."""

    def __init__(self, path, baud=termios.B9600):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        attributes = termios.tcgetattr(self.fd)
        attributes[4] = attributes[5] = baud
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)

    def close(self):
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        os.write(self.fd, data)

    def empty(self, within):
        """Whether nothing waits to be read, now or soon: the daemon needs a moment to notice
        that a client has left."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            waiting = fcntl.ioctl(self.fd, termios.FIONREAD, b"\0\0\0\0")
            if waiting == b"\0\0\0\0":
                return True
        return False

    def read(self, count, timeout=5.0):
        """count bytes with the times at which they came; fewer if the time is over."""
        data, times = b"", []
        end = time.monotonic() + timeout
        while len(data) < count:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                break
            piece = os.read(self.fd, count - len(data))
            data += piece
            times += [time.monotonic()] * len(piece)
        return data, times


class Socket:
    """A TCP client."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self.socket.sendall(data)

    def read(self, count, timeout=5.0):
        """count bytes; fewer if the time is over or the other side has closed."""
        data = b""
        self.socket.settimeout(timeout)
        while len(data) < count:
            try:
                piece = self.socket.recv(count - len(data))
            except (socket.timeout, ConnectionResetError):
                break
            if not piece:
                break
            data += piece
        return data

    def ended(self, timeout=5.0):
        """Whether the other side has closed the connection and said nothing more."""
        self.socket.settimeout(timeout)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return data + bytes([value & 0xFF, value >> 8])


def main():
    unittest.main(verbosity=2)

# SPDX-License-Identifier: MIT
"""Three clients that know nothing of each other: mbpoll, python3-pymodbus, libmodbus."""
import logging
import os
import re
import struct
import subprocess
import unittest

from pymodbus.client import ModbusSerialClient

import daemon

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def floats(registers):
    data = struct.pack(f">{len(registers)}H", *registers)
    return list(struct.unpack(f">{len(registers) // 2}f", data))


class Pymodbus(daemon.DaemonTest):
    def client(self, baud=9600):
        client = ModbusSerialClient(self.daemon.path("port"), baudrate=baud, parity="N",
                                    timeout=1)
        self.addCleanup(client.close)
        self.assertTrue(client.connect())
        return client

    def test_reads(self):
        self.start(daemon.one_meter(pace="real"))
        client = self.client()
        values = floats(client.read_holding_registers(0x5002, 6, slave=1).registers)
        self.assertEqual(values, [230, 230, 230])
        values = floats(client.read_holding_registers(0x500C, 6, slave=1).registers)
        self.assertEqual(values, [10, 5, -2])
        for address, count in ((0x4000, 32), (0x5000, 50), (0x6000, 75)):
            answer = client.read_holding_registers(address, count, slave=1)
            self.assertEqual(len(answer.registers), count)

    def test_exceptions(self):
        self.start(daemon.one_meter())
        client = self.client()
        self.assertEqual(client.read_input_registers(0x5002, 2, slave=1).exception_code, 1)
        self.assertEqual(client.read_coils(0, 1, slave=1).exception_code, 1)
        self.assertEqual(client.read_holding_registers(0x7000, 2, slave=1).exception_code, 2)
        self.assertEqual(client.write_register(0x4011, 9, slave=1).exception_code, 3)
        self.assertTrue(client.read_holding_registers(0x4000, 2, slave=2).isError())

    def test_writes(self):
        self.start(daemon.one_meter())
        client = self.client()
        for address, value in ((0x4010, 0x25), (0x6048, 2), (0x400F, 5)):
            self.assertFalse(client.write_register(address, value, slave=1).isError())
            self.assertEqual(
                client.read_holding_registers(address, 1, slave=1).registers, [value])
        self.assertFalse(client.write_registers(0x400D, [0x4120, 0], slave=1).isError())
        self.assertEqual(floats(client.read_holding_registers(0x400D, 2, slave=1).registers),
                         [10])

    def test_new_address_and_baud_rate(self):
        self.start(daemon.one_meter(pace="real"))
        client = self.client()
        self.assertFalse(client.write_register(0x4003, 10, slave=1).isError())
        self.assertTrue(client.read_holding_registers(0x4000, 2, slave=1).isError())
        self.assertFalse(client.read_holding_registers(0x4000, 2, slave=10).isError())
        # answered at the old rate, then deaf to it
        self.assertFalse(client.write_register(0x4004, 2400, slave=10).isError())
        self.assertTrue(client.read_holding_registers(0x4000, 2, slave=10).isError())
        client.close()
        self.assertFalse(
            self.client(2400).read_holding_registers(0x4000, 2, slave=10).isError())


class Libmodbus(daemon.DaemonTest):
    def test_master(self):
        for pace in ("off", "real"):
            self.start(daemon.one_meter(pace=pace))
            done = subprocess.run([os.environ["BUS_MASTER"], self.daemon.path("port")],
                                  capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self._finish()


class Mbpoll(daemon.DaemonTest):
    def mbpoll(self, *args):
        return subprocess.run(["mbpoll", "-m", "rtu", "-P", "none", "-0", "-1", *args],
                              capture_output=True, text=True, timeout=20, check=False)

    def test_read_and_write(self):
        self.start(daemon.one_meter(pace="real"))
        path = self.daemon.path("port")
        done = self.mbpoll("-a", "1", "-b", "9600", "-t", "4:hex", "-r", "0x4000", "-c", "2", path)
        self.assertEqual(re.findall(r"0x(\w{4})", done.stdout)[-2:], ["1610", "0649"])
        done = self.mbpoll("-a", "1", "-b", "9600", "-t", "4", "-r", "0x4010", path, "37")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.mbpoll("-a", "1", "-b", "9600", "-t", "4:hex", "-r", "0x4010", path)
        self.assertIn("0x0025", done.stdout)

    def test_wrong_baud_rate_is_silence(self):
        self.start(daemon.one_meter(pace="real"))
        path = self.daemon.path("port")
        args = ("-a", "1", "-o", "0.5", "-t", "4:hex", "-r", "0x4000")
        self.assertIn("timed out", self.mbpoll(*args, "-b", "19200", path).stderr)
        self.assertEqual(self.mbpoll(*args, "-b", "9600", path).returncode, 0)


if __name__ == "__main__":
    daemon.main()

# SPDX-License-Identifier: MIT
"""control - a client of the control API, over its Unix socket or TCP, for tests."""
import http.client
import json
import socket


class UnixConnection(http.client.HTTPConnection):
    """An HTTP connection to a socket in the file system."""

    def __init__(self, path, timeout=10):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Client:
    """Asks and changes; keeps one connection."""

    def __init__(self, path=None, address=None, headers=None):
        self.connection = (UnixConnection(path) if path
                           else http.client.HTTPConnection(*address, timeout=10))
        self.headers = headers or {}

    def close(self):
        self.connection.close()

    def raw(self, method, path, body=None, headers=None):
        """Status, headers and the bytes of the answer."""
        self.connection.request(method, path, body=body, headers={**self.headers, **(headers or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def ask(self, method, path, value=None, **headers):
        """Status and JSON of the answer."""
        body = None
        if value is not None:
            body = json.dumps(value)
            headers = {"Content-Type": "application/json", **headers}
        status, _, text = self.raw(method, path, body, headers)
        return status, json.loads(text) if text else None

    def get(self, path):
        return self.ask("GET", path)

    def put(self, path, value):
        return self.ask("PUT", path, value)

    def post(self, path, value):
        return self.ask("POST", path, value)

    def delete(self, path):
        return self.ask("DELETE", path)


class Events:
    """A reader of Server-Sent Events."""

    def __init__(self, path, query=""):
        self.connection = UnixConnection(path)
        self.connection.request("GET", "/v1/events" + query)
        self.answer = self.connection.getresponse()

    def __iter__(self):
        """(type, data) one after another, until the daemon ends it."""
        kind = None
        for line in self.answer:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                kind = text[7:]
            elif text.startswith("data: "):
                yield kind, json.loads(text[6:])

    def close(self):
        self.answer.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

# SPDX-License-Identifier: MIT
"""docs/openapi.yaml and the program, held together both ways."""
import json
import os
import unittest
import urllib.parse

import jsonschema
import yaml

import control
import daemon

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
ELSEWHERE = {"401", "403", "411", "413", "415", "503"}  # are tested in test_control.py

with open(os.path.join(daemon.TOP, "docs/openapi.yaml"), encoding="utf-8") as file:
    SPEC = yaml.safe_load(file)


def resolve(node):
    """What a $ref of the file leads to."""
    while isinstance(node, dict) and "$ref" in node:
        place = SPEC
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        node = place
    return node


def operations():
    """(path, method, operation, parameters) of the file."""
    for path, item in SPEC["paths"].items():
        for method in METHODS:
            if method in item:
                own = item[method].get("parameters", [])
                yield path, method, item[method], [resolve(p) for p in item.get("parameters", []) + own]


def check(instance, schema):
    jsonschema.Draft202012Validator({**schema, "components": SPEC["components"]}).validate(instance)


def contents(response):
    return resolve(response).get("content", {}).items()


class File(unittest.TestCase):
    def test_every_example_has_its_schema(self):
        for path, method, operation, parameters in operations():
            with self.subTest(path=path, method=method):
                for parameter in parameters:
                    self.assertIn("example", parameter)
                    check(parameter["example"], parameter["schema"])
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    check(content["example"], content["schema"])
                for response in operation["responses"].values():
                    self.assertIn("description", resolve(response))
                    for _, content in contents(response):
                        check(content["example"], content["schema"])

    def test_parameters_are_those_of_the_path(self):
        for path, method, _, parameters in operations():
            named = {p["name"] for p in parameters if p["in"] == "path"}
            self.assertEqual(named, {step[1:-1] for step in path.split("/") if step[:1] == "{"},
                             (path, method))

    def test_every_part_is_used(self):
        text = json.dumps(SPEC)
        for kind in ("schemas", "responses", "parameters"):
            for name in SPEC["components"][kind]:
                self.assertIn(f"#/components/{kind}/{name}\"", text, name)

    def test_version(self):
        with open(os.path.join(daemon.TOP, "meson.build"), encoding="utf-8") as build:
            self.assertIn(f"version: '{SPEC['info']['version']}'", build.read())


class Program(daemon.DaemonTest):
    def setUp(self):
        folder = daemon.temporary_folder(self)
        self.start(yaml.safe_dump(SPEC["x-bench"]), ("--capture", os.path.join(folder, "bus.txt")))
        self.path = self.daemon.path("metersim/control")
        self.client = control.Client(self.path)
        self.addCleanup(self.client.close)

    def test_the_same_routes(self):
        have = {(route["method"].lower(), route["path"]) for route in self.client.get("/v1")[1]["routes"]}
        self.assertEqual(have, {(method, path) for path, method, _, _ in operations()})

    def url(self, path, parameters, **other):
        query = {}
        for parameter in parameters:
            value = other.get(parameter["name"], parameter["example"])
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", str(value))
            else:
                query[parameter["name"]] = value
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def answer(self, method, url, body, kind):
        """Status, type and content of an answer."""
        if kind == "text/event-stream":
            with control.Events(self.path, url.removeprefix("/v1/events")) as events:
                next(iter(events))
                return events.answer.status, kind, "x"
        headers = {} if body is None else {"Content-Type": "application/json"}
        status, got, text = self.client.raw(method.upper(), url, body, headers)
        media = got["Content-Type"].split(";")[0]
        return status, media, json.loads(text) if media == "application/json" else text.decode()

    def try_one(self, path, method, operation, parameters):
        body = None
        for content in operation.get("requestBody", {}).get("content", {}).values():
            body = json.dumps(content["example"])
        wanted = [status for status in operation["responses"] if status < "300"]
        self.assertEqual(len(wanted), 1)
        kind, content = list(contents(operation["responses"][wanted[0]]))[0]
        status, media, got = self.answer(method, self.url(path, parameters), body, kind)
        self.assertEqual((str(status), media), (wanted[0], kind), got)
        check(got, content["schema"])

    def test_every_example_is_answered_so(self):
        # what takes away comes last
        for one in sorted(operations(), key=lambda one: (one[1] == "delete", one[0]), reverse=False):
            with self.subTest(path=one[0], method=one[1]):
                if one[1] == "delete" and one[0].endswith("/faults"):
                    self.client.post("/v1/lines/rs485/faults", {"name": "spoilt", "drop": True})
                self.try_one(*one)
                if one[1] == "delete" and one[0].endswith("/faults"):
                    self.client.post("/v1/lines/rs485/faults", {"name": "spoilt", "drop": True})

    def refusals(self, method, parameters, body):
        """status: (parameters, body) that are refused with it."""
        path_names = [p["name"] for p in parameters if p["in"] == "path"]
        found = {"404": [({name: "nothing"}, body) for name in path_names]}
        if not path_names:
            found["404"] = [({"meter": "nothing"}, body)]
        found["400"] = [({}, "{")] if body else [({name: "-1" for name in ("from", "last", "every")}, None)]
        found["422"] = [({}, "{}"), ({}, '{"unknown": 1}')]
        found["405"] = []
        return found

    def test_refusals_are_those_of_the_file(self):
        for path, method, operation, parameters in operations():
            body = next((json.dumps(content["example"]) for content in
                         operation.get("requestBody", {}).get("content", {}).values()), None)
            tries = self.refusals(method, parameters, body)
            for status in sorted(set(operation["responses"]) - {"200", "201", "409"} - ELSEWHERE):
                for other, text in tries[status]:
                    with self.subTest(path=path, method=method, status=status):
                        got, media, error = self.answer(method, self.url(path, parameters, **other),
                                                        text, "application/json")
                        self.assertEqual((str(got), media), (status, "application/json"), error)
                        check(error, resolve(SPEC["components"]["schemas"]["Error"]))

    def test_what_is_not_in_the_file_does_not_happen(self):
        """Every method at every path: 405, or one that the file has."""
        for path, item in SPEC["paths"].items():
            url = path
            for name in ("meter", "line", "point", "fault"):
                url = url.replace("{" + name + "}", "nothing")
            for method in ("put", "post", "delete", "patch"):
                if method not in item:
                    self.assertEqual(self.client.raw(method.upper(), url, "{}",
                                                     {"Content-Type": "application/json"})[0], 405, url)


if __name__ == "__main__":
    daemon.main()

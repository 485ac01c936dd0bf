# SPDX-License-Identifier: MIT
"""Promise: a server that answers as it is described is not complained of, and one that does not is
found out: whether it says what it must not, or loses what it was given."""
import copy
import os
import unittest

from client import Closed
from description import Description, decoded_path
from exchanges import Exchange
from model import Wrong
from properties import Run, run

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WHOLE = Description.load(os.path.join(TOP, "openapi", "aryavarth.yaml"))
REQUESTS = 1000


def only_keys():
    """The description of a server that has but PUT, GET and DELETE of keys, without conditions."""
    document = copy.deepcopy(WHOLE.document)
    item = document["paths"]["/keys/{key}"]
    document["paths"] = {"/keys/{key}": {
        "parameters": item["parameters"],
        **{method: dict(item[method], parameters=[]) for method in ("get", "put", "delete")}}}
    return Description(document)


class Fake:
    """Stands for a client and its server. FAULT is what is wrong with it, from the 50th request on."""

    def __init__(self, description, fault):
        self.description = description
        self.fault = fault
        self.values = {}
        self.count = 0

    def close(self):
        pass

    def send(self, request):
        self.count += 1
        fault = self.fault if self.count > 50 else None
        if fault == "closes":
            raise Closed()
        status, body = self._serve(request, fault)
        if fault == "fails" and request.method == "PUT":
            status, body = 500, None
        place = self.description.place(request.method, request.target)
        response = self.description.resolve(place.responses[str(status)])
        fields = [(name, str(self.description.resolve(header)["example"]))
                  for name, header in response["headers"].items()
                  if self.description.resolve(header).get("required")]
        if "content" in response and not response.get("x-optional-content"):
            fields.append(("Content-Type", "application/octet-stream" if status == 200
                           else "application/problem+json"))
        if fault == "adds a header":
            fields.append(("X-Secret", "1"))
        if body is None:
            slug = response["x-problems"][0]
            body = (b'{"type":"/problems/%s","title":"%s","status":%d}\n' % (
                slug.encode(), WHOLE.problems[slug]["title"].encode(), status))
        return Exchange("fake", request.method, request.target, [], status, fields, body)

    def _serve(self, request, fault):
        path = decoded_path(request.target)
        known = path in self.values
        if request.method == "PUT":
            if fault == "objects":
                return 400, None
            if fault != "loses":
                self.values[path] = request.body or b""
            return (204 if known else 201), b""
        if not known:
            return 404, None
        if request.method == "DELETE":
            if fault != "keeps":
                del self.values[path]
            return 204, b""
        return 200, self.values[path] + (b"!" if fault == "changes" else b"")


class Properties(unittest.TestCase):
    def try_with(self, fault):
        description = only_keys()
        one = Run(description, Fake(description, fault), REQUESTS)
        one.maker.make = lambda number, random: one.maker.make_right(number, random)[0]
        run(one, 1)
        self.assertGreaterEqual(one.client.count, REQUESTS)

    def test_a_right_server_is_not_complained_of(self):
        self.try_with(None)

    def test_each_wrong_server_is_found_out(self):
        for fault in ("closes", "fails", "adds a header", "objects", "loses", "keeps", "changes"):
            with self.subTest(fault), self.assertRaises(Wrong):
                self.try_with(fault)


if __name__ == "__main__":
    unittest.main(buffer=True)

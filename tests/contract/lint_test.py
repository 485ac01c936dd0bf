# SPDX-License-Identifier: MIT
"""Promise: a description that lacks something is found, whatever it lacks."""
import copy
import os
import unittest

from description import Description
from lint import Lint

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WHOLE = Description.load(os.path.join(TOP, "openapi", "aryavarth.yaml"))
PROBLEMS = [dict(row, type=f"/problems/{slug}") for slug, row in WHOLE.problems.items()]


def findings(change=None, problems=None):
    document = copy.deepcopy(WHOLE.document)
    if change:
        change(document)
    return Lint(Description(document), PROBLEMS if problems is None else problems).run()


def example_of(document, name):
    content = document["components"]["responses"][name]["content"]
    return next(iter(content["application/problem+json"]["examples"].values()))["value"]


class Lacking(unittest.TestCase):
    def expect(self, words, change=None, problems=None):
        found = findings(change, problems)
        self.assertTrue(any(words in one for one in found), f"{words} is not in {found}")

    def test_the_description_lacks_nothing(self):
        self.assertEqual(findings(), [])

    def test_an_operation(self):
        def get(document):
            return document["paths"]["/stats"]["get"]
        self.expect("has no summary", lambda document: get(document).pop("summary"))
        self.expect("has no tag", lambda document: get(document).update(tags=["x"]))
        self.expect("has no operationId",
                    lambda document: get(document).update(operationId="getKey"))

    def test_an_example(self):
        def parts(document):
            return document["components"]
        self.expect("IfMatch: has no example",
                    lambda document: parts(document)["parameters"]["IfMatch"].pop("example"))
        self.expect("ETag: has no example",
                    lambda document: parts(document)["headers"]["ETag"].pop("example"))
        self.expect("ETag: the example is not", lambda document: parts(document)["headers"][
            "ETag"].update(example="17"))
        self.expect("Stats, application/json: has no example", lambda document: parts(document)[
            "responses"]["Stats"]["content"]["application/json"].pop("examples"))
        self.expect("the example is not as it is described", lambda document: example_of(
            document, "KeyNotFound").update(extra=1))

    def test_a_problem(self):
        def responses(document):
            return document["components"]["responses"]
        self.expect("does not say which problems",
                    lambda document: responses(document)["NoSpace"].pop("x-problems"))
        self.expect("no-space: is a problem that no answer tells of",
                    lambda document: responses(document)["NoSpace"].pop("x-problems"))
        self.expect("has another title", lambda document: example_of(
            document, "KeyNotFound").update(title="Gone"))
        self.expect("no-space: the server has no such problem", None, [
            row for row in PROBLEMS if row["type"] != "/problems/no-space"])
        self.expect("new: is a problem of the server", None, PROBLEMS + [
            {"type": "/problems/new", "title": "New", "status": 400}])
        self.expect("no-space: has another title or status", lambda document: document[
            "x-problems"]["no-space"].update(status=500))

    def test_a_schema_and_a_use(self):
        self.expect("Problem: does not say", lambda document: document["components"]["schemas"][
            "Problem"].pop("additionalProperties"))
        self.expect("is referred to, and not there", lambda document: document["components"][
            "responses"].pop("NoSpace"))
        self.expect("Spare: is never used", lambda document: document["components"][
            "schemas"].update(Spare={"type": "string"}))


if __name__ == "__main__":
    unittest.main(buffer=True)

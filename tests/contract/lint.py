#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the description must be, beyond what OpenAPI asks for.

    lint.py DESCRIPTION PROBLEMS

PROBLEMS is what the server answers to GET /problems as JSON. Prints what is wrong; fails then."""
import json
import sys

from description import Description


class Lint:
    def __init__(self, description, problems):
        self.description = description
        self.document = description.document
        self.problems = {row["type"].rsplit("/", 1)[-1]: row for row in problems}
        self.findings = []

    def find(self, where, what):
        self.findings.append(f"{where}: {what}")

    def run(self):
        self.check_use()
        if self.findings:
            return self.findings
        self.check_operations()
        components = self.document["components"]
        for name, parameter in components["parameters"].items():
            self.check_parameter(name, parameter)
        for name, header in components["headers"].items():
            self.check_header(name, header)
        for name, response in components["responses"].items():
            self.check_response(name, response)
        for name, schema in components["schemas"].items():
            if schema.get("type") == "object" and "additionalProperties" not in schema:
                self.find(name, "does not say whether it may have other members")
        self.check_problems()
        return self.findings

    def check_operations(self):
        seen = set()
        tags = {tag["name"] for tag in self.document["tags"]}
        for path, method, item, operation in self.description.operations():
            where = f"{method.upper()} {path}"
            name = operation.get("operationId")
            if not name or name in seen:
                self.find(where, "has no operationId of its own")
            seen.add(name)
            if not operation.get("summary"):
                self.find(where, "has no summary")
            if not operation.get("tags") or not set(operation["tags"]) <= tags:
                self.find(where, "has no tag, or one that is not described")
            body = self.description.resolve(operation.get("requestBody"))
            if body:
                self.check_content(where, body["content"])
            for status, response in operation["responses"].items():
                if "$ref" not in response:
                    self.check_response(f"{where}, {status}", response)

    def check_parameter(self, name, parameter):
        """A client that is made from the description must know a value that it may send."""
        schema = parameter["schema"]
        examples = [one["value"] for one in parameter.get("examples", {}).values()]
        examples += [parameter["example"]] if "example" in parameter else []
        kind = self.description.resolve(schema).get("type")
        if not examples and "enum" not in schema and kind not in ("integer", "boolean"):
            if not parameter.get("x-depends-on"):
                self.find(name, "has no example")
        self.check_examples(name, schema, examples)

    def check_header(self, name, header):
        if "example" not in header:
            self.find(name, "has no example")
        else:
            self.check_examples(name, header["schema"], [header["example"]])

    def check_examples(self, where, schema, examples):
        for example in examples:
            for mismatch in self.description.mismatches(schema, example):
                self.find(where, f"the example is not as it is described: {mismatch}")

    def check_content(self, where, content):
        for media_type, media in content.items():
            examples = [one["value"] for one in media.get("examples", {}).values()]
            if not examples:
                self.find(f"{where}, {media_type}", "has no example")
            self.check_examples(f"{where}, {media_type}", media.get("schema", {}), examples)
            for example in examples if "x-item-schema" in media else []:
                self.check_examples(f"{where}, {media_type}", media["x-item-schema"],
                                    [json.loads(line) for line in example.splitlines()])

    def check_response(self, name, response):
        content = response.get("content", {})
        self.check_content(name, content)
        told = content.get("application/problem+json")
        if not told:
            return
        slugs = response.get("x-problems", [])
        if not slugs:
            self.find(name, "does not say which problems it tells of")
        for example in told.get("examples", {}).values():
            problem = example["value"]
            slug = problem["type"].rsplit("/", 1)[-1]
            if slug not in slugs:
                self.find(name, f"the example is {slug}, which is not one of its problems")
            known = self.description.problems.get(slug, {})
            if (problem["title"], problem["status"]) != (known.get("title"), known.get("status")):
                self.find(name, f"the example of {slug} has another title or status")

    def check_problems(self):
        described = self.description.problems
        told = {slug for response in self.document["components"]["responses"].values()
                for slug in response.get("x-problems", [])}
        for slug in sorted(set(described) | set(self.problems) | told):
            if slug not in self.problems:
                self.find(slug, "the server has no such problem")
            elif slug not in described:
                self.find(slug, "is a problem of the server that x-problems lacks")
            elif slug not in told:
                self.find(slug, "is a problem that no answer tells of")
            elif any(described[slug][part] != self.problems[slug][part]
                     for part in ("title", "status")):
                self.find(slug, "has another title or status than the server says")

    def check_use(self):
        """Every component is referred to, and everything that is referred to is there."""
        used = set()

        def walk(node):
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    used.add(node["$ref"])
                for value in node.values():
                    walk(value)
            elif isinstance(node, list):
                for value in node:
                    walk(value)

        walk(self.document)
        for reference in sorted(used):
            try:
                self.description.resolve({"$ref": reference})
            except (KeyError, ValueError):
                self.find(reference, "is referred to, and not there")
        for kind, components in self.document["components"].items():
            for name in components:
                if f"#/components/{kind}/{name}" not in used:
                    self.find(name, "is never used")


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    description = Description.load(arguments[0])
    with open(arguments[1], encoding="utf-8") as file:
        problems = json.load(file)["problems"]
    findings = Lint(description, problems).run()
    for finding in findings:
        print(finding)
    print(f"{len(list(description.operations()))} operations, {len(problems)} problems, "
          f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

# SPDX-License-Identifier: MIT
"""openapi/aryavarth.yaml, and whether an answer is one that it describes.

What OpenAPI has no words for stands in the description itself, in fields that begin with `x-`:

x-transport-headers   header fields that any answer may have, as HTTP needs them
x-undescribed         the answers to requests that no operation is for: `path`, `method`, `asterisk`
x-library-answers     what the HTTP library answers by itself, before the server is asked
x-problems            at the top: every problem with its status and title; in a response: those that
                      it may tell of
x-tail                of a parameter in a path: it goes on over slashes
x-optional-content    of a response: it may as well have no body
x-prefix              of a header: it stands for every one whose name begins so
x-item-schema         of lines of JSON: the schema of each
x-depends-on          of a parameter: what else makes a value right or wrong
x-also                of a path: other paths that are the same
x-list                of a header: a list, that may come as several fields
"""
import gzip
import json
import re
import zlib
import urllib.parse

import jsonschema
import yaml

METHODS = ("get", "head", "put", "post", "delete", "options", "patch", "trace")


class Place:
    """Where in the description the answers to a request are: an operation, or none."""

    def __init__(self, name, responses, operation=None):
        self.name = name
        self.responses = responses
        self.operation = operation


def unpacked(exchange):
    """The body as it was before we packed it. Of a stored value its sender said so, and may lie."""
    if exchange.field("Content-Encoding") != "gzip":
        return exchange.body
    try:
        return gzip.decompress(exchange.body)
    except (OSError, EOFError, zlib.error):
        return exchange.body


class Description:
    def __init__(self, document):
        self.document = document
        self.problems = document.get("x-problems", {})
        self.transport = {name.lower() for name in document.get("x-transport-headers", [])}
        self._validators = {}
        self._verdicts = {}
        self._headers = {}
        self._templates = [
            (pattern, path) for path in self._by_length() for pattern in self._patterns(path)]

    @classmethod
    def load(cls, path):
        with open(path, encoding="utf-8") as file:
            return cls(yaml.safe_load(file))

    def resolve(self, node):
        """NODE, or what it refers to."""
        while isinstance(node, dict) and "$ref" in node:
            pointer = node["$ref"]
            if not pointer.startswith("#/"):
                raise ValueError(f"not a reference inside the description: {pointer}")
            node = self.document
            for part in pointer[2:].split("/"):
                node = node[part.replace("~1", "/").replace("~0", "~")]
        return node

    # Paths without a parameter come before those with one, and longer ones before shorter ones.
    def _by_length(self):
        return sorted(self.document["paths"], key=lambda path: ("{" in path, -len(path), path))

    def _patterns(self, path):
        """Patterns of the decoded bytes of PATH, and of those that are the same."""
        item = self.document["paths"][path]
        return [self._pattern(item, one) for one in [path] + item.get("x-also", [])]

    def _pattern(self, item, path):
        tails = {
            parameter["name"]
            for parameter in self.parameters(item)
            if parameter["in"] == "path" and parameter.get("x-tail")
        }
        pattern = ""
        for part in re.split(r"(\{[^}]*\})", path):
            if part.startswith("{"):
                pattern += "(.+)" if part[1:-1] in tails else "([^/]+)"
            else:
                pattern += re.escape(part)
        return re.compile(pattern.encode(), re.DOTALL)

    def parameters(self, item, operation=None):
        """The parameters of an operation of path ITEM, references resolved."""
        own = [self.resolve(node) for node in (operation or {}).get("parameters", [])]
        names = {(node["in"], node["name"].lower()) for node in own}
        for node in item.get("parameters", []):
            node = self.resolve(node)
            if (node["in"], node["name"].lower()) not in names:
                own.append(node)
        return own

    def operations(self):
        """(path, method, path item, operation) of each."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item, item[method]

    def place(self, method, target):
        """Where the answers to METHOD of TARGET (text of Latin-1) are described."""
        undescribed = self.document["x-undescribed"]
        if target == "*":
            return Place(f"{method} *", undescribed["asterisk"]["responses"])
        path = decoded_path(target)
        for pattern, template in self._templates:
            if path is None or not pattern.fullmatch(path):
                continue
            item = self.document["paths"][template]
            operation = item.get(method.lower()) if method.isupper() else None
            if operation:
                return Place(f"{method} {template}", operation["responses"], operation)
            return Place(f"{method} {template}", undescribed["method"]["responses"])
        return Place(f"{method} of a path that is not described",
                     undescribed["path"]["responses"])

    def is_the_librarys(self, exchange):
        """Whether the HTTP library answered by itself; then the rest of the answer is its own."""
        for answer in self.document["x-library-answers"]["answers"]:
            known = self.transport | {"content-type"}
            known |= {name.lower() for name in answer.get("headers", [])}
            is_its_body = exchange.body == b"" if exchange.has_no_body() else re.fullmatch(
                answer["body"].encode(), exchange.body, re.DOTALL)
            if (exchange.status in answer["statuses"] and is_its_body
                    and all(name.lower() in known for name, _ in exchange.fields)):
                return True
        return False

    def check(self, exchange):
        """What is wrong with the answer of EXCHANGE: a list of sentences, empty when nothing is."""
        place = self.place(exchange.method, exchange.target)
        response = self.resolve(place.responses.get(str(exchange.status)))
        if response is None:
            return [f"status {exchange.status} is not described for {place.name}"]
        findings = self._check_fields(response, exchange) + self._check_content(response, exchange)
        return [f"{place.name}, {exchange.status}: {finding}" for finding in findings]

    def _headers_of(self, response):
        """The headers of RESPONSE, by their names in small letters, and those that are prefixes."""
        if id(response) not in self._headers:
            described = {
                name.lower(): (name, self.resolve(header))
                for name, header in response.get("headers", {}).items()
            }
            prefixes = [(header["x-prefix"].lower(), header)
                        for _, header in described.values() if "x-prefix" in header]
            self._headers[id(response)] = described, prefixes
        return self._headers[id(response)]

    def _check_fields(self, response, exchange):
        described, prefixes = self._headers_of(response)
        described = dict(described) if prefixes else described
        findings = []
        seen = set()
        for name, value in exchange.fields:
            low = name.lower()
            described.update((low, (name, header)) for prefix, header in prefixes
                             if low.startswith(prefix))
            is_list = low in described and described[low][1].get("x-list")
            if low in seen and not is_list:
                findings.append(f"header {name} is there twice")
            seen.add(low)
            if low in self.transport or low == "content-type":
                continue
            if low not in described:
                findings.append(f"header {name} is not described")
                continue
            findings += self._check_field(name, described[low][1], value)
        for low, (name, header) in described.items():
            if header.get("required") and low not in seen:
                findings.append(f"header {name} is missing")
        return findings

    # Many answers have the same few values.
    def _check_field(self, name, header, value):
        key = (id(header), name, value)
        if key not in self._verdicts:
            self._verdicts[key] = self._judge_field(name, header, value)
        return self._verdicts[key]

    def _judge_field(self, name, header, value):
        schema = header["schema"]
        instance = value
        if schema.get("type") == "integer":
            if not re.fullmatch("-?[0-9]+", value):
                return [f"header {name} is no integer: {value!r}"]
            instance = int(value)
        elif schema.get("type") == "number":
            if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
                return [f"header {name} is no number: {value!r}"]
            instance = float(value)
        return [f"header {name}: {finding}" for finding in self.mismatches(schema, instance)]

    def _check_content(self, response, exchange):
        content = response.get("content", {})
        media_type = exchange.field("Content-Type")
        findings = []
        if exchange.has_no_body() and exchange.body_bytes > 0:
            findings.append(f"there is a body of {exchange.body_bytes} bytes where none may be")
        if not content:
            if media_type is not None:
                findings.append(f"there is a Content-Type, {media_type}, and no content described")
            if exchange.body_bytes > 0:
                findings.append("there is a body, and no content described")
            return findings
        if media_type is None and response.get("x-optional-content"):
            if exchange.body_bytes > 0:
                findings.append("there is a body without a Content-Type")
            return findings
        if media_type is None:
            return findings + ["there is no Content-Type"]
        media = find_media(content, media_type)
        if media is None:
            return findings + [f"Content-Type {media_type} is not described"]
        if exchange.has_no_body() or not exchange.is_whole:
            return findings
        return findings + self._check_length(exchange) + self._check_body(
            response, media, media_type, exchange)

    @staticmethod
    def _check_length(exchange):
        length = exchange.field("Content-Length")
        if length is not None and length != str(exchange.body_bytes):
            return [f"Content-Length is {length}, the body has {exchange.body_bytes} bytes"]
        return []

    def _check_body(self, response, media, media_type, exchange):
        kind = bare_type(media_type)
        schema = media.get("schema", {})
        body = unpacked(exchange)
        if "x-item-schema" in media:
            lines = body.splitlines()
            return [finding for line in lines
                    for finding in self._check_json(media["x-item-schema"], line)]
        if kind != "application/json" and not kind.endswith("+json"):
            return []
        findings = self._check_json(schema, body)
        if kind == "application/problem+json" and not findings:
            findings = self._check_problem(response, exchange)
        return findings

    def _check_json(self, schema, body):
        key = (id(schema), body)
        if key in self._verdicts:
            return self._verdicts[key]
        try:
            findings = self.mismatches(schema, json.loads(body, object_pairs_hook=unique_members))
        except (ValueError, UnicodeDecodeError) as error:
            findings = [f"the body is no JSON: {error}"]
        if len(body) < 1024:
            self._verdicts[key] = findings
        return findings

    def _check_problem(self, response, exchange):
        problem = json.loads(exchange.body)
        slug = problem["type"].rsplit("/", 1)[-1]
        known = self.problems.get(slug)
        if known is None:
            return [f"problem {slug} is not described"]
        findings = []
        if problem["title"] != known["title"]:
            findings.append(f"problem {slug} has the title {problem['title']!r}")
        if problem["status"] != exchange.status or known["status"] != exchange.status:
            findings.append(f"problem {slug} says status {problem['status']}")
        if slug not in response.get("x-problems", []):
            findings.append(f"problem {slug} is not one of this answer's")
        if not exchange.body.endswith(b"\n"):
            findings.append("the problem does not end in a newline")
        return findings

    def mismatches(self, schema, instance):
        """How INSTANCE differs from SCHEMA."""
        validator = self._validators.get(id(schema))
        if validator is None:
            # The components stand in the schema, so that its references find them.
            root = {**self.resolve(schema), "components": self.document["components"]}
            validator = jsonschema.Draft202012Validator(root)
            self._validators[id(schema)] = validator
        return [
            f"{'/'.join(str(step) for step in error.absolute_path) or 'all of it'}: "
            f"{error.message[:300]}"
            for error in validator.iter_errors(instance)
        ]


def unique_members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def decoded_path(target):
    """The bytes of TARGET's path, percent-decoded, or None where it is none."""
    match = re.match(r"https?://[^/?#]*", target, re.IGNORECASE)
    if match:
        target = target[match.end():] or "/"
        if target.startswith("?"):
            target = "/" + target
    if not target.startswith("/"):
        return None
    path = target.split("?", 1)[0]
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        return None
    return urllib.parse.unquote_to_bytes(path.encode("latin-1"))


def bare_type(media_type):
    return media_type.split(";", 1)[0].strip().lower()


def find_media(content, media_type):
    """The row of CONTENT for MEDIA_TYPE: the same words first, then without parameters, then a
    range."""
    words = re.sub(r"\s*;\s*", ";", media_type.strip()).lower()
    for key, media in content.items():
        if re.sub(r"\s*;\s*", ";", key).lower() == words:
            return media
    kind = bare_type(media_type)
    for wanted in (kind, kind.split("/", 1)[0] + "/*", "*/*"):
        for key, media in content.items():
            if key.lower() == wanted:
                return media
    return None

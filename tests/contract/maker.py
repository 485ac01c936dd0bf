# SPDX-License-Identifier: MIT
"""Requests that are made from the description: right ones, and wrong ones of every kind."""
import json

from client import Request

KEY_WEIGHT = 8
HEX = "0123456789ABCDEF"
NASTY_PARTS = ["a", "b", "%00", "%2F", "/", "%FF", "+", "//", "%0A", "%25", "%3F", "..", ".", "%2e",
               "~", "*", ":", "%C3%A9", "%zz", "%4", "\xff", "\x80", "{", "|", "%20", "\"", "="]
NASTY_TEXTS = ["", "0", "-1", "1e9", "99999999999999999999999", "18446744073709551616", "true",
               "null", "%00", "%zz", "\xff", "a,b", '"', '"17', "W/\"1\"", "*, *", "\t", "a" * 300,
               "bytes=0-", "Sun, 06 Nov 1994 08:49:37 GMT", "../..", "{}", "0x10", " 1", "1 "]
METHODS = ["get", "Put", "PATCH", "TRACE", "BREW", "M-SEARCH", "PROPFIND", "GETGET", "X" * 200, "*",
           "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]
TARGETS = ["/nothing", "/keys", "/keys/", "//keys/a", "/KEYS/a", "*", "/%6beys/a", "/livez/x",
           "/compact/", "/problems/", "/problems/%2e", "http://h/keys/a", "https://h", "/?", "/#",
           "/keys/a#b", "keys/a", "", "/stats%00", "/openapi.yaml/", "/keys/%00"]
ODD_FIELDS = [("Expect", "nonsense"), ("Expect", "100-continue"), ("Content-Range", "bytes 0-1/2"),
              ("Content-Encoding", "gzip"), ("Content-Encoding", "identity"),
              ("Transfer-Encoding", "gzip"), ("Content-Type", "\xff"), ("Content-Type", "x" * 256),
              ("Content-Type", ""), ("Range", "bytes=0-0"), ("Range", "lines=1"), ("Host", "a b"),
              ("Host", ""), ("Content-Length", "5"), ("Cookie", "c" * 20000), ("X-Odd", "\x80"),
              ("If-Modified-Since", "yesterday"), ("If-Unmodified-Since", "yesterday"),
              ("Accept", "text/html;q=2"), ("Accept", ",;,"), ("Authorization", "Bearer x"),
              ("Prefer", "respond-async"), ("Prefer", ";;="), ("Connection", "close"),
              ("Origin", "https://app.example"), ("Origin", "null"),
              ("Access-Control-Request-Method", "PUT"), ("Upgrade", "h2c"), ("Date", "now")]


def key_text(key):
    """The bytes KEY as a part of a target."""
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"%{HEX[byte >> 4]}{HEX[byte & 15]}"
        for byte in key)


class Maker:
    """Makes requests by the choices of a random.Random."""

    def __init__(self, description):
        self.description = description
        # What is done to keys is what there is most to, and what most is done to.
        self.operations = [
            operation for operation in description.operations()
            for _ in range(KEY_WEIGHT if "{key" in operation[0] else 1)]

    def make(self, number, random):
        """A request to operation NUMBER."""
        request, parameters = self.make_right(number, random)
        change = random.choices(CHANGES, weights=WEIGHTS)[0]
        change(self, request, parameters, random)
        return request

    def make_right(self, number, random):
        """A request that the description lets be made, and its parameters."""
        path, method, item, operation = self.operations[number]
        parameters = self.description.parameters(item, operation)
        target = path
        for parameter in parameters:
            if parameter["in"] == "path":
                text = self._path_text(parameter, random)
                target = target.replace("{" + parameter["name"] + "}", text)
        request = Request(method.upper(), target, is_valid=True)
        # One at most that need not be: some exclude each other, for which OpenAPI has no words.
        known = [one for one in parameters
                 if one["in"] in ("query", "header") and not one.get("x-depends-on")]
        chosen = [one for one in known if one.get("required")]
        if known and not chosen and random.random() < 0.5:
            chosen = [random.choice(known)]
        for one in chosen:
            self.add(request, one, self.value(one, random))
        self._give_body(request, operation, random)
        return request, parameters

    @staticmethod
    def add(request, parameter, value):
        if parameter["in"] == "header":
            request.fields.append((parameter["name"], value))
        else:
            mark = "&" if "?" in request.target else "?"
            # A flag may be given without a value.
            value = f"={value}" if value or not parameter.get("allowEmptyValue") else ""
            request.target += f"{mark}{parameter['name']}{value}"

    def _path_text(self, parameter, random):
        if parameter["name"] != "key":
            return self.value(parameter, random)
        if random.random() < 0.8:
            return key_text(f"k{random.randrange(20)}".encode())
        size = random.choice([1, 2, 3, 1023, 1024])
        return key_text(bytes(random.randrange(1, 256) for _ in range(min(size, 3)))
                        .replace(b".", b"_") + b"x" * (size - 3))

    def value(self, parameter, random):
        """A value that PARAMETER may have, as text of a target or a header."""
        schema = self.description.resolve(parameter["schema"])
        examples = [self.description.resolve(one)["value"]
                    for one in parameter.get("examples", {}).values()]
        if "example" in parameter:
            examples.append(parameter["example"])
        kind = schema.get("type")
        if "enum" in schema:
            examples = schema["enum"]
        elif kind == "integer":
            low = schema.get("minimum", 0)
            examples = examples + [low, schema.get("maximum", low + 1000), low + 1]
        elif kind == "boolean":
            examples = ["true", "false"]
        if not examples:
            raise ValueError(f"parameter {parameter['name']} has neither a list nor an example")
        return str(random.choice(examples))

    def _give_body(self, request, operation, random):
        wanted = self.description.resolve(operation.get("requestBody"))
        if not wanted or (not wanted.get("required") and random.random() < 0.1):
            return
        media_type, media = random.choice(sorted(wanted["content"].items()))
        if media_type == "application/json":
            request.body = json.dumps(random.choice(
                [one["value"] for one in media["examples"].values()])).encode()
        else:
            size = random.choice([0, 1, 10, 100, 1000])
            request.body = bytes(random.randrange(256) for _ in range(min(size, 10)))
            request.body += b"v" * (size - len(request.body))
        if "*" not in media_type:
            request.fields.append(("Content-Type", media_type))
        request.is_chunked = random.random() < 0.2


# What may be done to a right request. It is not known to be right any more then.


def leave(_maker, _request, _parameters, _random):
    pass


def other_key(_maker, request, _parameters, random):
    request.is_valid = False
    path, mark, query = request.target.partition("?")
    if path.startswith("/keys/") or random.random() < 0.2:
        path = "/keys/" + "".join(random.choices(NASTY_PARTS, k=random.choice([1, 2, 3, 6])))
        if random.random() < 0.1:
            path = "/keys/" + random.choice("a+") * random.choice([1024, 1025, 8000, 9000])
    request.target = path + mark + query


def unknown_parameter(_maker, request, _parameters, random):
    request.is_valid = False
    mark = "&" if "?" in request.target else "?"
    name = random.choice(["x", "", "%00", "Verbose", "full%20", "key", "\xff", "&", "="])
    request.target += mark + name + random.choice(["", "=", "=1"])


def wrong_value(maker, request, parameters, random):
    request.is_valid = False
    known = [one for one in parameters if one["in"] in ("query", "header")]
    if known:
        maker.add(request, random.choice(known), random.choice(NASTY_TEXTS))


def twice(maker, request, parameters, random):
    request.is_valid = False
    known = [one for one in parameters if one["in"] in ("query", "header")]
    if known:
        one = random.choice(known)
        maker.add(request, one, maker.value(one, random))
        maker.add(request, one, maker.value(one, random))


def other_method(_maker, request, _parameters, random):
    request.is_valid = False
    request.method = random.choice(METHODS)


def other_target(_maker, request, _parameters, random):
    request.is_valid = False
    request.target = random.choice(TARGETS) or "x"


def odd_field(_maker, request, _parameters, random):
    request.is_valid = False
    request.fields.append(random.choice(ODD_FIELDS))
    # A length that is not the body's would be an answer to another request.
    if request.fields[-1][0] == "Content-Length":
        request.body, request.is_chunked = b"12345", False


def many_fields(_maker, request, _parameters, random):
    request.is_valid = False
    request.fields += [(f"X-{i}", "v") for i in range(random.choice([50, 99, 101, 200]))]


def other_body(_maker, request, _parameters, random):
    request.is_valid = False
    request.body = random.choice([None, b"", b"{", b"x", b"v" * 4096, b"v" * 4097, b"[]\n"])
    request.is_chunked = request.body is not None and random.random() < 0.5


WEIGHTED = [(leave, 50), (other_key, 15), (unknown_parameter, 5), (wrong_value, 8), (twice, 3),
              (other_method, 6), (other_target, 4), (odd_field, 6), (many_fields, 1),
              (other_body, 4)]
CHANGES = [change for change, _ in WEIGHTED]
WEIGHTS = [weight for _, weight in WEIGHTED]

# SPDX-License-Identifier: MIT
"""What the tests recorded: the lines of tests/lib/exchange.c, and the traces of curl."""
import json
import os
import re


class Exchange:
    """One request, and the final answer to it. Text is Latin-1, so that any bytes are text."""

    def __init__(self, test, method, target, sent, status, fields, body=b"", body_bytes=None,
                 is_whole=True):
        self.test = test
        self.method = method
        self.target = target
        self.sent = sent  # the request's header fields, pairs
        self.status = status
        self.fields = fields  # the answer's, pairs
        self.body = body
        self.body_bytes = len(body) if body_bytes is None else body_bytes
        # Whether all of the body is known here; it may have been cut.
        self.is_whole = is_whole and len(body) == self.body_bytes

    def field(self, name):
        for other, value in self.fields:
            if other.lower() == name.lower():
                return value
        return None

    def has_no_body(self):
        return self.method == "HEAD" or self.status in (204, 304)

    def __str__(self):
        """As curl would say it, so that it can be done again."""
        words = ["curl", "-i", "-X", quoted(self.method)]
        for name, value in self.sent:
            words += ["-H", quoted(f"{name}: {value}")]
        return " ".join(words + [quoted("$URL" + self.target)])[:1000]


def quoted(text):
    """TEXT as a word of a shell."""
    if re.fullmatch(r"[A-Za-z0-9_./:%=+-]+", text):
        return text
    if all(" " <= char <= "~" for char in text):
        return "'" + text.replace("'", "'\\''") + "'"
    return "$'" + "".join(
        char if " " <= char <= "~" and char not in "'\\" else f"\\x{ord(char):02x}"
        for char in text) + "'"


def fields_of(head):
    """The fields of header lines, without a status line; a line that is none is dropped."""
    fields = []
    for line in head.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon and not line.startswith("HTTP/"):
            fields.append((name, value.strip(" \t")))
    return fields


def last_head(head):
    """Of several heads, as an interim answer makes them, the last."""
    heads = [part for part in head.split("\r\n\r\n") if part.strip()]
    return heads[-1] if heads else ""


class Connection:
    """What was sent on a raw connection and is not answered yet. A long body comes in very many
    pieces, which are put behind each other where they are."""

    def __init__(self):
        self.rest = bytearray()

    def next_request(self):
        """Takes the first request off: method, target, header fields. What cannot be read takes
        everything with it, as the server answers it and closes."""
        del self.rest[:re.match(b"[\r\n]*", self.rest).end()]
        end = re.search(b"\r?\n\r?\n", self.rest)
        head = self.rest[:end.start()] if end else self.rest
        lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
        words = re.split("[ \t]", lines[0])  # RFC 9112, section 3, lets tabs stand for blanks
        fields = fields_of("\r\n".join(lines[1:]))
        self._skip(end.end() if end else len(self.rest), fields)
        if len(words) == 3 and words[2].startswith("HTTP/"):
            return words[0], words[1], fields
        return "", "", fields

    def _skip(self, size, fields):
        low = [(name.lower(), value) for name, value in fields]
        lengths = [value for name, value in low if name == "content-length"]
        codings = [value for name, value in low if name == "transfer-encoding"]
        if codings:
            end = self.rest.find(b"0\r\n\r\n", size)
            size = end + 5 if end >= 0 else len(self.rest)
        elif lengths:
            size += int(lengths[0]) if lengths[0].isdigit() else len(self.rest)
        del self.rest[:size]


def read_records(path, test):
    """The exchanges of a file of the recorder."""
    connections = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            record = json.loads(line)
            if record["how"] == "wire":
                exchange = wire_event(connections, record, test)
            else:
                exchange = plain_record(record, test)
            if exchange:
                yield exchange


def plain_record(record, test):
    return Exchange(test, record["method"], record["target"], fields_of(record["sent"]),
                    record["status"], fields_of(last_head(record["head"])),
                    record["body"].encode("latin-1"), record["body_bytes"])


def wire_event(connections, record, test):
    connection = connections.setdefault(record["fd"], Connection())
    if record["event"] == "opened":
        connections[record["fd"]] = Connection()
        return None
    if record["event"] == "sends":
        data = record["data"].encode("latin-1")
        connection.rest += data
        connection.rest += bytes(record["data_bytes"] - len(data))
        return None
    status = int(re.match(r"HTTP/1\.[01] ([0-9]{3})", record["head"]).group(1))
    if status < 200:
        return None
    method, target, sent = connection.next_request()
    fields = fields_of(record["head"])
    if ("Connection", "close") in fields:
        connection.rest.clear()
    length = [value for name, value in fields if name.lower() == "content-length"]
    # Some tests read only the head.
    is_whole = length == [str(record["body_bytes"])]
    return Exchange(test, method, target, sent, status, fields, record["body"].encode("latin-1"),
                    record["body_bytes"], is_whole)


def read_trace(path, test):
    """The exchanges of a trace of curl (--trace)."""
    sent, head, body = b"", b"", b""
    exchanges = []

    def finish():
        nonlocal sent, head, body
        exchange = traced(test, sent, head, body)
        if exchange:
            exchanges.append(exchange)
        sent, head, body = b"", b"", b""

    for kind, data in trace_blocks(path):
        if kind == "=> Send header":
            if head:
                finish()
            sent += data
        elif kind == "<= Recv header":
            head += data
        elif kind == "<= Recv data":
            body += data
    finish()
    return exchanges


def trace_blocks(path):
    kind, data = None, bytearray()
    with open(path, encoding="latin-1") as file:
        for line in file:
            match = re.match(r"(=> Send|<= Recv) (header|data|SSL data), ", line)
            if match or line.startswith("== "):
                if kind:
                    yield kind, bytes(data)
                kind = f"{match.group(1)} {match.group(2)}" if match else None
                data = bytearray()
            elif kind and kind != "=> Send data":
                data += bytes.fromhex(line[6:6 + 16 * 3])
    if kind:
        yield kind, bytes(data)


def traced(test, sent, head, body):
    last = last_head(head.decode("latin-1"))
    match = re.match(r"HTTP/1\.[01] ([0-9]{3})", last)
    request = sent.decode("latin-1").split("\r\n")
    words = request[0].split(" ")
    if not match or int(match.group(1)) < 200 or len(words) != 3:
        return None
    fields = fields_of(last)
    length = [value for name, value in fields if name.lower() == "content-length"]
    return Exchange(test, words[0], words[1], fields_of("\r\n".join(request[1:])),
                    int(match.group(1)), fields, body, None, length == [str(len(body))])


def files_of(folder):
    """The files in FOLDER that hold exchanges."""
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))
            if name.endswith(".jsonl") or re.search(r"\.sh\.[^.]*$", name)]


def test_of(path):
    """The test that recorded PATH."""
    return os.path.basename(path).split(".", 1)[0]


def read_file(path):
    """All exchanges that are recorded in PATH."""
    read = read_records if path.endswith(".jsonl") else read_trace
    return read(path, test_of(path))

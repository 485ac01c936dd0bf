# SPDX-License-Identifier: MIT
"""Promise: an answer that the description does not know is found, whatever is wrong with it, and a
right one is not complained of."""
import json
import os
import tempfile
import unittest

from check_recorded import check_folder, main
from description import Description, decoded_path
from exchanges import Connection, Exchange, files_of, read_file

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PATH = os.path.join(TOP, "openapi", "aryavarth.yaml")
DESCRIPTION = Description.load(PATH)
DATE = "Fri, 27 Nov 2026 22:55:43 GMT"
PROBLEM = {"type": "/problems/key-not-found", "title": "Key not found", "status": 404}


def without(fields, name):
    return [field for field in fields if field[0] != name]


def value_of(body=b"hello", method="GET", status=200, target="/keys/a/b", change=(), drop=""):
    fields = [("Date", DATE), ("Content-Type", "text/plain"), ("ETag", '"17"'),
              ("Last-Modified", DATE), ("Cache-Control", "no-cache"),
              ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox"),
              ("Accept-Ranges", "bytes"), ("Content-Length", "5")]
    described = DESCRIPTION.resolve(
        DESCRIPTION.place("GET", "/keys/a").responses["200"])["headers"]
    fields = [field for field in fields
              if field[0] in described or field[0] in ("Date", "Content-Type", "Content-Length")]
    return Exchange("test", method, target, [], status, without(fields, drop) + list(change), body)


def problem(change=None, status=404, target="/keys/a", method="GET", text=None, more=()):
    body = text if text is not None else (json.dumps(dict(PROBLEM, **(change or {}))) + "\n")
    fields = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"),
              ("X-Content-Type-Options", "nosniff")]
    return Exchange("test", method, target, [], status, fields + list(more), body.encode())


class Right(unittest.TestCase):
    def test_right_answers_are_not_complained_of(self):
        for exchange in (
                value_of(), value_of(target="http://h:1/keys/a%00b?"),
                value_of(b"", method="HEAD"), problem(), problem({"key": "a", "detail": "d"}),
                problem({"type": "/problems/no-such-resource", "title": "No such resource"},
                        target="/nothing"),
                problem({"type": "/problems/method-not-allowed", "title": "Method not allowed",
                         "status": 405}, 405, "/livez", "DELETE",
                        more=[("Allow", "GET, HEAD, OPTIONS")])):
            self.assertEqual(DESCRIPTION.check(exchange), [], str(exchange))

    def test_a_header_may_stand_for_many(self):
        many = [("Aryavarth-Meta-A", "1"), ("aryavarth-meta-b", "2")]
        self.assertEqual(DESCRIPTION.check(value_of(change=many)), [])
        many = DESCRIPTION.check(value_of(change=[("Aryavarth-Met", "1")]))
        self.assertIn("is not described", many[0])

    def test_a_path_may_have_two_forms(self):
        for target in ("/keys", "/keys/", "/%6beys/?limit=1"):
            self.assertEqual(DESCRIPTION.place("GET", target).name, "GET /keys")
        self.assertEqual(DESCRIPTION.place("GET", "/keys/a/b").name, "GET /keys/{key}")

    def test_paths_are_decoded_once(self):
        self.assertEqual(decoded_path("/keys/a%2520%00?x=%zz"), b"/keys/a%20\0")
        self.assertEqual(decoded_path("http://h"), b"/")
        self.assertIsNone(decoded_path("/keys/%zz"))
        self.assertIsNone(decoded_path("keys"))


class Wrong(unittest.TestCase):
    """One wrong answer of each kind, and what is to be said of it."""

    def expect(self, exchange, words):
        self.assertFalse(DESCRIPTION.is_the_librarys(exchange))
        findings = DESCRIPTION.check(exchange)
        self.assertTrue(any(words in finding for finding in findings),
                        f"{words} is not in {findings}")

    def test_status(self):
        self.expect(value_of(status=299), "status 299 is not described")
        self.expect(problem(target="/stats"), "status 404 is not described")
        self.expect(value_of(target="/nothing"), "status 200 is not described")
        self.expect(value_of(method="PATCH"), "status 200 is not described")
        self.expect(value_of(method="get"), "status 200 is not described")

    def test_header_that_is_not_described(self):
        self.expect(value_of(change=[("X-Powered-By", "us")]), "X-Powered-By is not described")

    def test_header_that_is_missing(self):
        self.expect(value_of(drop="ETag"), "header ETag is missing")
        self.expect(problem({"type": "/problems/method-not-allowed", "status": 405,
                             "title": "Method not allowed"}, 405, "/livez", "DELETE"),
                    "header Allow is missing")

    def test_header_that_is_there_twice(self):
        self.expect(value_of(change=[("etag", '"18"')]), "header etag is there twice")

    def test_header_of_another_form(self):
        self.expect(value_of(drop="ETag", change=[("ETag", "17")]), "header ETag:")
        self.expect(value_of(drop="Last-Modified", change=[("Last-Modified", "now")]),
                    "header Last-Modified:")
        busy = problem({"type": "/problems/overloaded", "title": "Overloaded", "status": 503}, 503,
                       more=[("Retry-After", "soon")])
        self.expect(busy, "Retry-After is no integer")

    def test_content_type(self):
        self.expect(value_of(drop="Content-Type"), "there is no Content-Type")
        wrong = problem()
        wrong.fields[0] = ("Content-Type", "text/html")
        self.expect(wrong, "Content-Type text/html is not described")

    def test_length(self):
        self.expect(value_of(drop="Content-Length", change=[("Content-Length", "6")]),
                    "Content-Length is 6")

    def test_body_where_none_may_be(self):
        self.expect(value_of(method="HEAD"), "a body of 5 bytes where none may be")
        self.expect(value_of(status=304), "a body of 5 bytes where none may be")
        self.expect(Exchange("test", "DELETE", "/keys/a", [], 204, [], b"x"),
                    "a body of 1 bytes where none may be")
        self.expect(Exchange("test", "DELETE", "/keys/a", [], 204, [("Content-Type", "a/b")]),
                    "no content described")

    def test_body_that_is_no_json(self):
        self.expect(problem(text="{"), "no JSON")
        self.expect(problem(text='{"type":"a","type":"b"}'), "a member is there twice")

    def test_member_that_is_not_described(self):
        self.expect(problem({"cause": "x"}), "'cause' was unexpected")

    def test_member_that_is_missing_or_of_another_type(self):
        self.expect(problem(text='{"type":"/problems/key-not-found","status":404}\n'),
                    "'title' is a required property")
        self.expect(problem({"status": "404"}), "is not of type 'integer'")

    def test_problem(self):
        self.expect(problem({"type": "/problems/never-heard-of"}), "is not described")
        self.expect(problem({"title": "Not here"}), "has the title 'Not here'")
        self.expect(problem({"status": 400}), "says status 400")
        self.expect(problem({"type": "/problems/no-such-resource", "title": "No such resource"}),
                    "is not one of this answer's")
        self.expect(problem(text=json.dumps(PROBLEM)), "does not end in a newline")

    def test_answer_that_only_looks_like_the_librarys(self):
        html = Exchange("test", "GET", "/keys/a", [], 400, [("Cache-Control", "no-store")],
                        b"<html><head><title>Request malformed</title></head></html>")
        self.expect(html, "there is no Content-Type")
        html.fields = [("Connection", "close")]
        self.assertTrue(DESCRIPTION.is_the_librarys(html))
        html.body = b"<html><head><title>Unsupported Transfer-Encoding</title></head></html>"
        self.assertTrue(DESCRIPTION.is_the_librarys(html))
        html.status = 404
        self.assertFalse(DESCRIPTION.is_the_librarys(html))


def traced_block(kind, data):
    """DATA as curl traces it."""
    lines = [f"{kind}, {len(data)} bytes (0x{len(data):x})\n"]
    for at in range(0, len(data), 16):
        row = data[at:at + 16]
        lines.append(f"{at:04x}: {row.hex(' '):<48}{row.decode().strip()!r:.16}\n")
    return "".join(lines)


class Reading(unittest.TestCase):
    def test_requests_on_one_connection_are_told_apart(self):
        connection = Connection()
        connection.rest += (b"PUT /keys/a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                            b"PUT /keys/b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"1\r\nx\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n")
        self.assertEqual(connection.next_request()[:2], ("PUT", "/keys/a"))
        self.assertEqual(connection.next_request()[:2], ("PUT", "/keys/b"))
        self.assertEqual(connection.next_request()[:2], ("GET", "/livez"))
        connection.rest += b"what is this\r\n\r\n"
        self.assertEqual(connection.next_request()[:2], ("", ""))

    def test_every_form_of_record_is_read(self):
        head = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nETag: \"1\"\r\n\r\n"
        plain = {"how": "client", "status": 204, "method": "PUT", "target": "/keys/a", "sent": "",
                 "head": head, "body_bytes": 0, "body": ""}
        wire = [{"how": "wire", "fd": 3, "event": "opened"},
                {"how": "wire", "fd": 3, "event": "sends", "data_bytes": 23,
                 "data": "GET /livez HTTP/1.1\r\n\r\n"},
                {"how": "wire", "fd": 3, "event": "got", "head": "HTTP/1.1 100 Continue\r\n\r\n",
                 "body_bytes": 0, "body": ""},
                {"how": "wire", "fd": 3, "event": "got",
                 "head": "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "body_bytes": 3,
                 "body": "ok\n"}]
        trace = "== Info: Connected\n" + "".join(
            traced_block(*block) for block in (
                ("=> Send header", b"GET / HTTP/1.1\r\nA: b\r\n\r\n"),
                ("<= Recv header", b"HTTP/1.1 200 OK\r\n"),
                ("<= Recv header", b"Content-Length: 2\r\n"), ("<= Recv header", b"\r\n"),
                ("<= Recv data", b"hi")))
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.1.jsonl"), "w", encoding="ascii") as file:
                file.writelines(json.dumps(line) + "\n" for line in [plain] + wire)
            with open(os.path.join(folder, "b.sh.X"), "w", encoding="ascii") as file:
                file.write(trace)
            seen = [(one.test, one.method, one.target, one.status, one.body, one.is_whole)
                    for path in files_of(folder) for one in read_file(path)]
            self.assertEqual(seen, [("a", "PUT", "/keys/a", 204, b"", True),
                                    ("a", "GET", "/livez", 200, b"ok\n", True),
                                    ("b", "GET", "/", 200, b"hi", True)])
            counts, findings = check_folder(DESCRIPTION, folder)
            self.assertEqual(counts, {"exchanges": 3, "library": 0, "tests": 2})
            self.assertIn("GET /livez, 200: there is no Content-Type", findings)
            self.assertEqual(main([PATH, folder]), 1)

    def test_nothing_recorded_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(main([PATH, folder]), 1)


if __name__ == "__main__":
    unittest.main(buffer=True)

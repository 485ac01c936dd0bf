# SPDX-License-Identifier: MIT
"""Requests as bytes, sent over one connection that is kept: no library corrects them on the way."""
import socket

from exchanges import Exchange, quoted

TIMEOUT_SECONDS = 60


class Request:
    """METHOD and TARGET are text of Latin-1; BODY is None or bytes, sent with a Content-Length, or
    in chunks where IS_CHUNKED. IS_VALID: the description has no objection to it."""

    def __init__(self, method, target, fields=(), body=None, is_chunked=False, is_valid=False):
        self.method = method
        self.target = target
        self.fields = list(fields)
        self.body = body
        self.is_chunked = is_chunked
        self.is_valid = is_valid

    def bytes(self):
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        names = {name.lower() for name, _ in self.fields}
        if "host" not in names:
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in self.fields]
        body = self.body or b""
        if self.is_chunked:
            lines.append("Transfer-Encoding: chunked")
            body = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        elif self.body is not None and "content-length" not in names:
            lines.append(f"Content-Length: {len(body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body

    def __str__(self):
        words = ["curl", "-i", "--path-as-is", "-X", quoted(self.method)]
        for name, value in self.fields:
            words += ["-H", quoted(f"{name}: {value}")]
        if self.is_chunked:
            words += ["-H", quoted("Transfer-Encoding: chunked")]
        if self.body is not None:
            words += ["--data-binary", quoted(self.body.decode("latin-1"))]
        return " ".join(words + ['"$URL"' + quoted(self.target)])


class Closed(Exception):
    """The server ended the connection without an answer."""


class Client:
    def __init__(self, port):
        self.port = port
        self.socket = None
        self.file = None
        self.count = 0

    def close(self):
        if self.socket:
            self.file.close()
            self.socket.close()
            self.socket = None

    def send(self, request):
        """The answer to REQUEST, as an Exchange."""
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SECONDS)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.file = self.socket.makefile("rb")
        self.count += 1
        try:
            self.socket.sendall(request.bytes())
        except (BrokenPipeError, ConnectionResetError):
            pass  # it may have answered, and closed, before it had taken everything
        try:
            answer = self._receive(request)
        except ConnectionResetError:
            answer = None
        if answer is None:
            self.close()
            raise Closed()
        if (answer.field("Connection") or "").lower() == "close":
            self.close()
        return answer

    def _receive(self, request):
        status, fields = self._head()
        while status is not None and status < 200:
            status, fields = self._head()
        if status is None:
            return None
        answer = Exchange("properties", request.method, request.target, request.fields, status,
                          fields)
        body = self._body(answer)
        if body is None:
            return None
        return Exchange("properties", request.method, request.target, request.fields, status,
                        fields, body)

    def _head(self):
        words = self.file.readline().decode("latin-1").split(" ")
        if len(words) < 2 or not words[1].isdigit():
            return None, None
        fields = []
        while True:
            line = self.file.readline().decode("latin-1")
            if line in ("\r\n", ""):
                return int(words[1]), fields
            name, _, value = line.partition(":")
            fields.append((name, value.strip()))

    def _body(self, answer):
        if answer.has_no_body():
            return b""
        if (answer.field("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunks()
        size = int(answer.field("Content-Length") or 0)
        body = self.file.read(size)
        return body if len(body) == size else None

    def _chunks(self):
        body = b""
        while True:
            size = int(self.file.readline().split(b";")[0], 16)
            if size == 0:
                while self.file.readline() not in (b"\r\n", b""):
                    pass
                return body
            body += self.file.read(size)
            self.file.readline()

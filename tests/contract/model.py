# SPDX-License-Identifier: MIT
"""What must hold for every answer of a server that nobody else talks to."""
from description import decoded_path

# What a right request is not answered, whatever the server holds.
OBJECTIONS = (400, 405, 411, 413, 414, 415, 417, 421, 422, 431)


class Wrong(AssertionError):
    """An answer that must not be."""


class Model:
    """The values that the server must have, as far as they are known: what was done by other means
    than PUT and DELETE of a key is not followed."""

    def __init__(self, description, client):
        self.description = description
        self.client = client
        self.values = {}  # target -> (bytes, Content-Type), or None: not known
        self.library = 0
        self.statuses = {}

    def ask(self, request):
        """Sends REQUEST; the answer, which the description knows."""
        answer = self.client.send(request)
        key = (answer.status, request.method if request.is_valid else "other")
        self.statuses[key] = self.statuses.get(key, 0) + 1
        if self.description.is_the_librarys(answer):
            if request.is_valid:
                raise Wrong(f"the HTTP library answered {answer.status} to\n    {request}")
            self.library += 1
            return answer
        findings = self.description.check(answer)
        if answer.status >= 500 and answer.status != 501:
            findings.append("it failed")
        if request.is_valid and answer.status in OBJECTIONS + (501,):
            findings.append("the request is as it is described, and was objected to")
        if findings:
            body = answer.body[:1000].decode("latin-1")
            raise Wrong(f"{answer.status}: {'; '.join(findings)}\n    {request}\n    {body}")
        return answer

    def carry_out(self, request, again):
        """As ask, and follows what it does. `again(method, target)` makes a plain request."""
        path = decoded_path(request.target)
        is_key = path is not None and path.startswith(b"/keys/") and len(path) > 6
        if request.method == "PUT" and is_key and path not in self.values:
            self.values[path] = None  # whatever comes of it, it is to be deleted
            answer = self.ask(request)
            if answer.status not in (201, 204):
                del self.values[path]
        else:
            answer = self.ask(request)
        plain = request.target.partition("?")[0]  # what a write is told is not for reads
        is_plain = request.is_valid and not request.fields and "?" not in request.target
        if not is_key:
            self._other(request, answer)
        elif answer.status in (201, 204) and request.method == "PUT":
            self._was_put(path, request, again("GET", plain))
        elif answer.status == 204 and request.method == "DELETE":
            self.values.pop(path, None)
            self._expect(again("GET", plain), 404, request)
        elif is_plain and request.method in ("GET", "HEAD"):
            self._was_read(path, request, answer)
        return answer

    def _other(self, request, answer):
        if answer.status < 300 and request.method not in ("GET", "HEAD", "OPTIONS"):
            self.values = {path: None for path in self.values}

    def _expect(self, get, status, request):
        if self.ask(get).status != status:
            raise Wrong(f"after\n    {request}\nthis is not answered {status}:\n    {get}")

    def _was_put(self, path, request, get):
        fields = {name.lower(): value for name, value in request.fields}
        # A field that holds but white space is as none.
        wanted = (request.body or b"", fields.get("content-type", "").strip(" \t"))
        self.values[path] = wanted
        # It may be gone by now.
        if "ttl" in request.target or "aryavarth-ttl" in fields:
            self.values[path] = None
            return
        self._was_read(path, get, self.ask(get))

    def _was_read(self, path, request, answer):
        known = self.values.get(path, "none")
        if known is None:
            return
        if known == "none":
            if answer.status != 404:
                raise Wrong(f"{answer.status} of what was never put:\n    {request}")
            return
        body, media_type = known
        if answer.status != 200 or (request.method == "GET" and answer.body != body):
            raise Wrong(f"{answer.status}, not the bytes that were put:\n    {request}")
        if answer.field("Content-Type") != (media_type or "application/octet-stream"):
            raise Wrong(f"not the Content-Type that was put:\n    {request}")

    def forget(self, delete):
        """Deletes all there may be, so that what follows begins with nothing."""
        for path in list(self.values):
            self.ask(delete(path))
        self.values = {}

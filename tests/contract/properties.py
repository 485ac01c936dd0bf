#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends a server what the description lets it be sent, and what it does not.

    properties.py DESCRIPTION PORT REQUESTS [SEED]

Every answer must be a described one, and what was put must be got (model.py). Requests are made
from the description (maker.py), in lists that hypothesis chooses. Where one fails, the few requests
at its end that do so again are printed, as lines of curl. Prints the seed it used."""
import random
import sys

import hypothesis
from hypothesis import strategies

from client import Client, Closed, Request
from description import Description
from maker import Maker, key_text
from model import Model, Wrong

LIST_LENGTH = 100


class Run:
    def __init__(self, description, client, requests):
        self.maker = Maker(description)
        self.client = client
        self.model = Model(description, self.client)
        self.wanted = requests
        self.has_failed = False

    def one_list(self, choices):
        """Carries out the requests that CHOICES (operation, seed) stand for, from nothing on."""
        # There are more lists than it takes to make up the number of requests.
        if self.client.count >= self.wanted and not self.has_failed:
            return
        for number, wrong in self._carry_out(choices):
            self.has_failed = True
            raise Wrong(self._report(choices[:number], wrong))

    def _carry_out(self, choices):
        """Where it went wrong: (how many requests it took, the error), or nothing."""
        number = 0
        try:
            self.model.forget(lambda path: plain("DELETE", "/keys/" + key_text(path[6:])))
            for number, choice in enumerate(choices, 1):
                self.model.carry_out(self._make(choice), plain)
        except Wrong as error:
            yield number, str(error)
        except Closed:
            yield number, "closed without an answer"

    def _make(self, choice):
        operation, seed = choice
        return self.maker.make(operation, random.Random(seed))

    def _report(self, choices, wrong):
        """WRONG, and the last few of the requests, if these few do it again, as lines of curl."""
        for few in (1, 2, 5, 10, 20, 50, len(choices)):
            tail = choices[max(0, len(choices) - few):]
            if any(True for _ in self._carry_out(tail)):
                break
        lines = "\n    ".join(str(self._make(choice)) for choice in tail)
        return f"{wrong}\nwhat leads to it:\n    {lines}"


def plain(method, target):
    return Request(method, target)


def run(one, seed):
    """Sends at least as many requests as RUN wants. Raises Wrong."""
    count = len(one.maker.operations)
    choice = strategies.tuples(strategies.integers(0, count - 1),
                               strategies.integers(0, 2**32 - 1))

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=max(1, one.wanted // 20), deadline=None, database=None,
                         suppress_health_check=list(hypothesis.HealthCheck),
                         verbosity=hypothesis.Verbosity.quiet,
                         phases=[hypothesis.Phase.generate])
    @hypothesis.given(strategies.lists(choice, min_size=LIST_LENGTH, max_size=2 * LIST_LENGTH))
    def every_answer_is_described(choices):
        one.one_list(choices)

    try:
        every_answer_is_described()
    finally:
        one.client.close()


def main(arguments):
    if len(arguments) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    requests = int(arguments[2])
    seed = int(arguments[3]) if len(arguments) == 4 else random.SystemRandom().randrange(10**9)
    print(f"seed {seed}", flush=True)
    one = Run(Description.load(arguments[0]), Client(int(arguments[1])), requests)
    try:
        run(one, seed)
    except Wrong as error:
        print(f"FAILED after {one.client.count} requests: {error}")
        return 1
    for (status, kind), count in sorted(one.model.statuses.items()):
        print(f"{count:6d} answers {status} to {kind}")
    print(f"{one.client.count} requests to {len(list(one.maker.description.operations()))} operations, "
          f"{one.model.library} of them answered by the HTTP library itself")
    return 0 if one.client.count >= requests else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

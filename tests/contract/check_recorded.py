#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every answer that the tests recorded against the description.

    check_recorded.py DESCRIPTION FOLDER

Prints what is wrong, each kind of it once, and how much was looked at. Fails when anything is
wrong, and when nothing was recorded."""
import sys

from description import Description
from exchanges import read_folder

# Of one operation and status, as many of one kind say the same.
SHOWN_MAX = 5


def check_folder(description, folder):
    """Counts, and what is wrong: finding -> (how often, the first exchange)."""
    counts = {"exchanges": 0, "library": 0}
    tests = set()
    findings = {}
    for exchange in read_folder(folder):
        counts["exchanges"] += 1
        tests.add(exchange.test)
        if description.is_the_librarys(exchange):
            counts["library"] += 1
            continue
        for finding in description.check(exchange):
            often, first = findings.get(finding, (0, exchange))
            findings[finding] = (often + 1, first)
    counts["tests"] = len(tests)
    return counts, findings


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    counts, findings = check_folder(Description.load(arguments[0]), arguments[1])
    shown = {}
    for finding, (often, first) in findings.items():
        where = finding.split(":", 1)[0]
        shown[where] = shown.get(where, 0) + 1
        if shown[where] > SHOWN_MAX:
            continue
        print(f"{first.test}: {finding} ({often} times, first:)\n    {first}")
    print(f"{counts['exchanges']} answers to {counts['tests']} tests were held against the "
          f"description, {counts['library']} of them the HTTP library's own; "
          f"{len(findings)} kinds of mistakes")
    if counts["exchanges"] == 0:
        print("nothing was recorded")
    return 1 if findings or counts["exchanges"] == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

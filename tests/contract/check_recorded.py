#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every answer that the tests recorded against the description.

    check_recorded.py DESCRIPTION FOLDER

Prints what is wrong, each kind of it once, and how much was looked at. Fails when anything is
wrong, and when nothing was recorded."""
import multiprocessing
import os
import sys

from description import Description
from exchanges import files_of, read_file, test_of

# Of one operation and status, as many of one kind say the same.
SHOWN_MAX = 5


def check_file(description, path):
    """Counts of one file, and what is wrong: finding -> (how often, the first exchange)."""
    counts = {"exchanges": 0, "library": 0}
    findings = {}
    for exchange in read_file(path):
        counts["exchanges"] += 1
        if description.is_the_librarys(exchange):
            counts["library"] += 1
            continue
        for finding in description.check(exchange):
            add_finding(findings, finding, 1, exchange)
    return counts, findings


def add_finding(findings, finding, times, exchange):
    often, first = findings.get(finding, (0, exchange))
    findings[finding] = (often + times, first)


def check_folder(description, folder):
    """As check_file, of all files, which the processors share; the largest come first."""
    paths = sorted(files_of(folder), key=lambda path: (-os.path.getsize(path), path))
    counts = {"exchanges": 0, "library": 0}
    tests = set()
    findings = {}
    with multiprocessing.get_context("fork").Pool(
            len(os.sched_getaffinity(0)), share_description, (description,)) as pool:
        for path, (own_counts, own_findings) in zip(paths, pool.imap(check_shared, paths)):
            if own_counts["exchanges"] > 0:
                tests.add(test_of(path))
            for name, count in own_counts.items():
                counts[name] += count
            for finding, (often, first) in own_findings.items():
                add_finding(findings, finding, often, first)
    counts["tests"] = len(tests)
    return counts, findings


# What a process of the pool has, from its beginning on.
shared = []


def share_description(description):
    shared.append(description)


def check_shared(path):
    return check_file(shared[0], path)


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

"""Command lines against each other, in turns: a slow moment of the machine meets all of them."""

import os
import statistics
import subprocess
import sys
import tempfile
import time


class Run:
    """What one run took: milliseconds of wall time, and of the processor by the process and the
    children it waited for."""

    def __init__(self, words, env, folder=None, content=b""):
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
            given.write(content)
            given.seek(0)
            start = time.perf_counter()
            process = subprocess.Popen(words, env=env, cwd=folder, stdin=given, stdout=printed,
                                       stderr=subprocess.STDOUT)
            _, status, used = os.wait4(process.pid, 0)
            self.wall = (time.perf_counter() - start) * 1000
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = (used.ru_utime + used.ru_stime) * 1000
            if process.returncode != 0:  # what did not end well is not measured
                printed.seek(0)
                text = printed.read().decode(errors="replace")
                sys.exit(f"ci/bench: {words[:4]} ended with {process.returncode}:\n{text[-4000:]}")


def in_turns(sides, pairs):
    """Runs each side (a function that makes a Run) once to warm up, then `pairs` times; the side
    that begins changes. Gives the runs of each."""
    taken = [[] for _ in sides]
    for side in sides:
        side()
    for turn in range(pairs):
        for shift in range(len(sides)):
            which = (turn + shift) % len(sides)
            taken[which].append(sides[which]())
    return taken


def compare(mine, others):
    """Medians, and the median of the ratios of runs that stood next to each other."""
    ratios = sorted(one.wall / two.wall for one, two in zip(mine, others))
    quarter = len(ratios) // 4
    return {"ms": statistics.median(run.wall for run in mine),
            "cpu_ms": statistics.median(run.cpu for run in mine),
            "base_ms": statistics.median(run.wall for run in others),
            "ratio": statistics.median(ratios), "ratio_low": ratios[quarter],
            "ratio_high": ratios[-1 - quarter], "pairs": len(ratios)}

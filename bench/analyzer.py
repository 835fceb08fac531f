#!/usr/bin/env python3
"""analyzer.py --build DIR [DUMP...]: how long the report takes beside the classic shell's start, and what both hold.

Time to the reason: until the headline of `salvage report` is out (it comes with the whole page). Each figure is the best
of five; CPU time is what a loaded machine leaves comparable. The classic shell needs the 600 MB debug vmlinux; where
that is not in the cache its column is empty. Without DUMP, the dumps of bench/vmcore.py are made or used again."""
import argparse
import subprocess
import sys
from pathlib import Path

RUNS = 5
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/vm"))
import debian
import vmcore


def measure(argv, feed=b""):
    """Seconds by the clock, CPU seconds, peak KiB of the largest process; best of five by CPU time."""
    # time(1) forks from little: what a process of Python's own forks begins with Python's size
    best = None
    for _ in range(RUNS):
        p = subprocess.run(["time", "-q", "-f", "TIME %e %U %S %M", *(str(a) for a in argv)], input=feed,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, wall, user, system, kib = p.stderr.decode(errors="replace").strip().splitlines()[-1].split()
        one = (float(wall), float(user) + float(system), int(kib))
        if best is None or one[1] < best[1]:
            best = one
    return best


def row(name, words, figures):
    print(f"{name:20} {words:34} " + (f"{figures[0]:8.2f} {figures[1]:8.2f} {figures[2] / 1024:9.1f}" if figures else "   (no vmlinux)"),
          flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default="build")
    ap.add_argument("dumps", nargs="*", type=Path)
    args = ap.parse_args()
    build = Path(args.build).resolve()
    dumps = args.dumps or [vmcore.make(kind, build) for kind in ("small-6.1", "small-7")]
    vmlinux = debian.Kernel("6.1").debug_vmlinux()
    print(f"{'dump':20} {'what':34} {'seconds':>8} {'CPU s':>8} {'MiB':>9}")
    for dump in dumps:
        report = build / "bin/salvage"
        row(dump.name, "salvage report", measure([report, "report", dump]))
        row(dump.name, "salvage report --no-count", measure([report, "report", "--no-count", dump]))
        row(dump.name, "salvage-report (capture image's)", measure([build / "bin/salvage-report", "--text", "/dev/null", dump]))
        if "7" in dump.name:
            continue
        row(dump.name, "crash vmlinux, to its prompt",
            measure([*debian.tool("sid", "crash", "crash"), "-s", vmlinux, dump], b"q\n") if vmlinux else None)


if __name__ == "__main__":
    main()

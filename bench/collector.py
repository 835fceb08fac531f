#!/usr/bin/env python3
"""collector.py --build DIR VMCORE...: makedumpfile of ours and of Debian's newest on the same
ELF vmcore, -d 31, per codec: seconds, CPU seconds, peak memory, size. One run of each first, to
fill the page cache; then the better of three."""
import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/vm"))
import debian


def run(argv):
    before = time.monotonic()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(pid, 0)
    return (status, time.monotonic() - before, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("vmcore", nargs="+")
    args = ap.parse_args()
    ours = [str(Path(args.build).resolve() / "bin/makedumpfile")]
    theirs = debian.tool("sid", "makedumpfile", "makedumpfile")
    print(f"{'vmcore':24} {'codec':6} {'':10} {'wall s':>8} {'CPU s':>8} {'RSS MiB':>8} {'size MiB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        for vmcore in args.vmcore:
            for codec in ("-c", "-l", "-z"):
                best = {}
                for name, prefix in (("salvage", ours), ("makedumpfile", theirs)):
                    argv = [*prefix, codec, "-d", "31", "-f", vmcore, out]
                    rows = [run(argv) for _ in range(4)][1:]
                    if any(r[0] for r in rows):
                        print(f"{Path(vmcore).name:24} {codec:6} {name:12} failed")
                        continue
                    row = min(rows, key=lambda r: r[1])
                    best[name] = row
                    print(f"{Path(vmcore).name:24} {codec:6} {name:12} {row[1]:6.2f} {row[2]:8.2f} {row[3]:8.1f} "
                          f"{os.path.getsize(out) / (1 << 20):9.1f}", flush=True)
                if len(best) == 2:
                    print(f"{'':24} {'':6} {'ratio':12} {best['salvage'][1] / best['makedumpfile'][1]:6.2f} "
                          f"{best['salvage'][2] / best['makedumpfile'][2]:8.2f}")


if __name__ == "__main__":
    main()

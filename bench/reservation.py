#!/usr/bin/env python3
"""reservation.py --build DIR: the smallest crashkernel= with which a stock Debian kernel saves its
dump (level 31, LZO) to ext4, stepping down 4 MiB a time from a size that works."""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/vm"))
import checks
import scenario
import scenarios


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--kernel", default="6.1")
    ap.add_argument("--ram", type=int, default=2048)
    ap.add_argument("--sizes", default="104,100,96,92,88,84")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    smallest = None
    print(f"smallest reservation, kernel {args.kernel}, {args.ram} MiB of memory")
    for size in (int(x) for x in args.sizes.split(",")):
        s = scenarios.Scenario(f"reservation-{args.kernel}-{size}M", kernel=args.kernel, ram_mb=args.ram,
                               crashkernel=f"{size}M", target_mb=1200, limit=180)
        o = scenario.execute(s, build)
        try:
            words = checks.dump_folder(o)
            ok = True
        except AssertionError as e:
            words, ok = str(e), False
        oom = o.run.when(r"Out of memory|oom-kill|invoked oom") is not None
        print(f"{size:5} MiB  {'works' if ok else 'fails'}  {words}{'  (out of memory)' if oom else ''}", flush=True)
        for f in o.work.glob("*.img"):
            f.unlink()
        if not ok:
            break
        smallest = size
    print(f"smallest: {smallest} MiB")


if __name__ == "__main__":
    main()

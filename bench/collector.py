#!/usr/bin/env python3
"""collector.py --build DIR [--quick] [VMCORE...]: makedumpfile of ours beside Debian 12's 1.7.2 and sid's
newest, in three tables.

1. The same vmcores (without any: the large one of vmcore.py, and Debian 12's small one): seconds,
   CPU seconds, what is on the disk, private memory. Wall seconds are until the file is on the disk
   and synced; programs take turns, and the best of the rounds counts. `x serial` is how many times
   faster than the best run of 1.7.2 or newer without threads, `x same` than the best one with the
   same --num-threads.
2. Page classes: nanoseconds a page frame where no page is kept, for arrays of struct page that are
   fragmented, free and huge pages, and what copying the array takes.
3. Machines of 1 GiB to 16 TiB (sparse files by tests/make/mklarge): seconds and private memory,
   the last under a limit of 40 MiB where control groups can be made.

Private memory is the peak without file mappings (RssAnon)."""
import argparse
import mmap
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/vm"))
import debian
import vmcore

THEIRS_CODECS = {"1.7.2": ("-c", "-l"), "newest": ("-c", "-l", "-z")}
LIMIT_S = 900


class Run:
    def __init__(self, wall, cpu, anon_kib, on_disk, text):
        self.wall, self.cpu, self.anon_kib, self.on_disk, self.text = wall, cpu, anon_kib, on_disk, text


def watch(pid, peak, stop):
    """The highest RssAnon that is seen; every 10 ms."""
    while not stop.wait(0.01):
        try:
            m = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            return
        if m:
            peak[0] = max(peak[0], int(m[1]))


def run(argv, out=None, cgroup=None, may_fail=False):
    out = out and Path(out)
    if out:
        out.unlink(missing_ok=True)

    def enter():
        if cgroup:
            (cgroup / "cgroup.procs").write_text(str(os.getpid()))

    before = time.monotonic()
    with tempfile.TemporaryFile() as words:
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=words,
                             stderr=subprocess.STDOUT, preexec_fn=enter)
        peak, stop = [0], threading.Event()
        t = threading.Thread(target=watch, args=(p.pid, peak, stop))
        t.start()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = status
        if out and out.exists():
            fd = os.open(out, os.O_RDWR)
            os.fsync(fd)
            os.close(fd)
        wall = time.monotonic() - before
        stop.set()
        t.join()
        words.seek(0)
        text = words.read().decode(errors="replace")
    if status and not may_fail:
        raise SystemExit(f"{' '.join(str(a) for a in argv)}: status {status}\n{text[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, peak[0],
               out.stat().st_blocks * 512 if out and out.exists() else 0, text)


def kept_share(text):
    n = {k: int(v, 16) for k, v in re.findall(r"(Original|Remaining) pages\s*:\s*0x([0-9a-f]+)", text)}
    return n["Remaining"] / n["Original"]


def programs(build):
    found = {"salvage": [str(build / "bin/makedumpfile")],
             "newest": debian.tool("sid", "makedumpfile", "makedumpfile")}
    old = shutil.which("makedumpfile")
    version = old and subprocess.run([old, "-v"], capture_output=True, text=True).stdout
    if version and "salvage" not in version:
        found["1.7.2" if "1.7.2" in version else version.split()[2]] = [old]
    return found


def dumps_table(tools, cores, folder, rounds):
    out = folder / "out"
    for core in cores:
        for level in (31, 1):
            share = kept_share(run([*tools["salvage"], "-d", level, "--dry-run", "--message-level", 16, core, out]).text)
            size = os.path.getsize(core) / (1 << 30)
            print(f"\n{Path(core).name}: {size:.2f} GiB, -d {level} keeps {100 * share:.0f} %")
            print(f"{'':10}{'codec':>6}{'threads':>8}{'wall s':>9}{'CPU s':>8}{'MiB':>8}{'private':>9}{'x serial':>10}{'x same':>8}")
            for codec in ("-l", "-z", "-c"):
                one_codec(tools, core, level, codec, out, rounds if level == 31 else 1)


def one_codec(tools, core, level, codec, out, rounds):
    plan = []
    for name, prefix in tools.items():
        if name != "salvage" and codec not in THEIRS_CODECS.get(name, ("-c", "-l")):
            continue
        for threads in (1, 2) if name == "salvage" else (0, 1, 2):
            plan.append((name, threads, [*prefix, codec, "-d", level, *(["--num-threads", threads] if threads else []),
                                         core, out]))
    # theirs with threads is many times slower (minutes): the least that tells it
    large = os.path.getsize(core) > 1 << 30
    plan = [p for p in plan if p[0] == "salvage" or p[1] == 0 or level == 31 and not large
            or level == 31 and p[:2] == ("newest", 2)]
    rows = {}
    for n in range(rounds):
        for name, threads, argv in plan:
            if n and name != "salvage" and threads:
                continue
            rows.setdefault((name, threads), []).append(run(argv, out))
    best = {k: min(v, key=lambda r: r.wall) for k, v in rows.items()}
    serial = min((r.wall for k, r in best.items() if k[0] != "salvage" and k[1] == 0), default=None)
    for (name, threads), r in best.items():
        cpu = min(x.cpu for x in rows[name, threads])
        same = [x.wall for k, x in best.items() if k[0] != "salvage" and k[1] == threads]
        ratios = ""
        if name == "salvage":
            ratios = f"{serial / r.wall:10.2f}" + (f"{min(same) / r.wall:8.1f}" if same else "")
        print(f"{name:10}{codec:>6}{threads or 'none':>8}{r.wall:9.2f}{cpu:8.2f}{r.on_disk / (1 << 20):8.1f}"
              f"{max(x.anon_kib for x in rows[name, threads]) / 1024:9.1f}{ratios}", flush=True)


def copy_ns(path, frames):
    """Copying the array of struct page out of the file's mapping, ns a frame."""
    best = None
    with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m, memoryview(m) as view:
        to, at = bytearray(1 << 20), 65536 + (1 << 30)
        for _ in range(3):
            before = time.process_time()
            for off in range(at, at + frames * 64, 1 << 20):
                to[:] = view[off:off + (1 << 20)]
            took = time.process_time() - before
            best = took if best is None else min(best, took)
    return best / frames * 1e9


def machine(build, folder, gib, kind):
    path = folder / f"machine-{kind}"
    subprocess.run([build / "tests/make/mklarge", str(gib), kind, path], check=True)
    return path


def classes_table(tools, build, folder):
    gib = 16
    frames = gib << 18
    ours = tools["salvage"]
    floor = None
    print(f"\nPage classes of a machine of {gib} GiB ({frames} frames), -d 31, nothing kept: CPU ns a frame")
    for kind in ("fragmented", "free", "huge"):
        path = machine(build, folder, gib, kind)
        if floor is None:  # opening the dump and starting: a machine sixteen times smaller
            small = machine(build, folder, 1, "free")
            floor = min(run([*ours, "-d", "31", "--dry-run", "--message-level", "0", small, "/dev/null"]).cpu for _ in range(5))
        cpu, copies = [], []
        for _ in range(5):
            cpu.append(run([*ours, "-d", "31", "--dry-run", "--message-level", "0", path, "/dev/null"]).cpu)
            copies.append(copy_ns(path, frames))
        theirs = run([*tools["newest"], "-d", "31", "-l", "--message-level", "31", path, folder / "out"], folder / "out",
                     may_fail=True).text  # it does not like a machine without any page to keep, but says the step
        step = re.search(r"\[Excluding unnecessary pages\] : ([0-9.]+) seconds", theirs)
        print(f"  {kind:12} salvage {max(min(cpu) - floor, 0) / frames * 1e9:6.2f}   copying the array {min(copies):6.2f}"
              f"   makedumpfile {float(step[1]) / frames * 1e9 if step else 0:6.1f}", flush=True)
        path.unlink()


def limited_group():
    """A control group with 40 MiB, or None."""
    for base in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")):
        group = base / f"salvage-bench-{os.getpid()}"
        try:
            group.mkdir()
            for name in ("memory.max", "memory.limit_in_bytes"):
                if (group / name).exists():
                    (group / name).write_text(str(40 << 20))
                    return group
            group.rmdir()
        except OSError:
            continue
    return None


def sizes_table(tools, build, folder, largest):
    group = limited_group()
    print("\nMachines (each 128 MiB have free blocks, huge pages and single pages, four of them kept), -l -d 31, two threads"
          + (", in a control group of 40 MiB" if group else ", no control group could be made"))
    try:
        gib = 1
        while gib <= largest:
            gib = min(gib, 16383)  # with its header the longest file that ext4 takes
            path = machine(build, folder, gib, "mixed")
            r = run([*tools["salvage"], "-l", "-d", "31", "--num-threads", "2", path, folder / "out"], folder / "out", group)
            print(f"  {gib:6} GiB   wall {r.wall:8.2f} s   CPU {r.cpu:8.2f} s   {r.cpu / (gib << 18) * 1e9:6.1f} ns a frame   "
                  f"private {r.anon_kib / 1024:6.1f} MiB   written {r.on_disk / (1 << 20):8.1f} MiB", flush=True)
            path.unlink()
            if gib == 16383:
                break
            gib *= 4
    finally:
        if group:
            group.rmdir()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default="build")
    ap.add_argument("--folder", type=Path, help="where dumps are written; default: a temporary one below the build")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--largest", type=int, default=16384, help="GiB of the largest machine")
    ap.add_argument("--only", choices=["dumps", "classes", "sizes"])
    ap.add_argument("vmcore", nargs="*")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    tools = programs(build)
    base = args.folder or build / "bench"
    base.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as folder:
        folder = Path(folder)
        if args.only in (None, "dumps"):
            cores = args.vmcore or [vmcore.make(kind, build) for kind in ("large", "small-6.1")]
            dumps_table(tools, cores, folder, args.rounds)
        if args.only in (None, "classes"):
            classes_table(tools, build, folder)
        if args.only in (None, "sizes"):
            sizes_table(tools, build, folder, args.largest)


if __name__ == "__main__":
    main()

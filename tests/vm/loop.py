#!/usr/bin/env python3
"""loop.py --build DIR [--times N]: one machine that crashes, is captured and restarts N times (50), as
TAP. Every capture must be there, of that very crash, with all its files, and older dumps must have gone
as keep_dumps says."""
import argparse
import re
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import debian
import lab

KEPT = 3
CONF = f"ext4 /dev/vdb\npath /dumps\ncore_collector makedumpfile -l -d 31\nkeep_dumps {KEPT}\n"
CYCLE_S = 240  # a loaded host under TCG


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--times", type=int, default=50)
    args = ap.parse_args()
    build = Path(args.build).resolve()
    kernel = debian.Kernel("6.1")
    work = build / "vm" / "loop"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    initrd = lab.production_initramfs(kernel, work)
    tree = work / "root"
    shutil.copytree(lab.base_root(kernel, build), tree, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a))
    (tree / "etc/loop").write_text(f"{args.times}\n")
    (tree / "etc/scenario").write_text("")
    (tree / "etc/kdump.conf").write_text(CONF)
    (tree / "etc/fstab").unlink()
    (tree / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n/dev/vdb /target ext4 defaults 0 2\n")
    lab.make_ext4(work / "root.img", 400, tree=tree)
    shutil.rmtree(tree)
    lab.make_ext4(work / "target.img", 800, label=lab.TARGET_LABEL, uuid=lab.TARGET_UUID)
    done = 0

    def tell(when, line):
        nonlocal done
        m = re.search(r"VM: cycle (\d+): (\d+) (\S+), (\d+) dumps, (\d+) files", line)
        if m:
            good = int(m[1]) == done + 1 and m[2] == "1" and int(m[4]) == min(int(m[1]), KEPT) and m[5] == "5"
            done += good
            print(f"{'ok' if good else 'not ok'} {m[1]} - loop: crash {m[1]} captured as {m[3]} at {when:.0f} s"
                  + ("" if good else f": {line}"), flush=True)

    run = lab.qemu(kernel.image, initrd, "console=ttyS0 crashkernel=160M panic=5 no_timer_check",
                   [work / "root.img", work / "target.img"], limit=60 + CYCLE_S * args.times, log=work / "console", work=work,
                   echo=tell, stop="VM: all cycles done")
    if done < args.times:
        print(f"not ok {done + 1} - loop: no capture; the last lines are\n# " + "\n# ".join(run.lines[-25:]))
    print(f"1..{args.times}")
    for disk in work.glob("*.img"):
        disk.unlink()
    return 0 if done == args.times else 1


if __name__ == "__main__":
    sys.exit(main())

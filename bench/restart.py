#!/usr/bin/env python3
"""restart.py --build DIR: seconds from the panic until the machine is back, our service beside
Debian's kdump-tools: the same Debian root (systemd, stock kernel), the same disk, memory and
reservation, one run after the other."""
import argparse
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/vm"))
import debian_guest
import lab

CRASH = """#!/bin/sh
exec >/dev/ttyS0 2>&1
if [ -e /var/crashed ]; then
	echo "BENCH: back"
	ls -lR /var/crash
	sync; poweroff -f
fi
n=0
while [ "$(cat /sys/kernel/kexec_crash_loaded)" != 1 ] && [ $n -lt 300 ]; do sleep 1; n=$((n + 1)); done
cat /proc/cmdline
echo "BENCH: loaded $(cat /sys/kernel/kexec_crash_loaded)"
touch /var/crashed; sync; sleep 2
echo 1 >/proc/sys/kernel/sysrq
echo "BENCH: crash now"
echo c >/proc/sysrq-trigger
"""


def lay(work, name, build):
    ours = name.startswith("salvage")
    root = debian_guest.lay_root(work, CRASH, build if ours else None)
    if ours:
        debian_guest.enable(root, "kdump.service", "/usr/local/lib/systemd/system/kdump.service")
        if name == "salvage -c":  # the same system call as the classic service uses
            (root / "etc/sysconfig/kdump").write_text('KEXEC_ARGS="-c"\n')
        (root / "etc/kdump.conf").write_text("path /var/crash\ncore_collector makedumpfile -l -d 31\n")
    else:
        text = (root / "etc/default/kdump-tools").read_text()
        (root / "etc/default/kdump-tools").write_text(re.sub(r"#?USE_KDUMP=.*", "USE_KDUMP=1", text))
    return debian_guest.finish(work, root)


def measure(name, build, crashkernel, ram_mb):
    work = build / "bench" / name.replace(" ", "")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    kernel, initrd = lay(work, name, build)
    run = lab.qemu(kernel, initrd, f"root=/dev/vda ro console=ttyS0 no_timer_check crashkernel={crashkernel}",
                   [work / "root.img"], ram_mb=ram_mb, limit=900, log=work / "console", work=work)
    crash = run.when(r"sysrq: Trigger a crash")
    if crash is None:
        return None, run
    boots = [t for t, l in zip(run.times, run.lines) if re.search(r"Linux version ", l) and t > crash]
    (work / "root.img").unlink()
    reset = run.when(r"reboot: (machine restart|Restarting system)", after=crash)
    return {"crash": crash, "reset": reset - crash if reset else None, "capture": boots[0] - crash if boots else None,
            "restart": boots[1] - crash if len(boots) > 1 else None,
            "back": (run.when("BENCH: back") or 0) - crash}, run


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--crashkernel", default="160M")
    ap.add_argument("--ram", type=int, default=2048)
    ap.add_argument("only", nargs="?")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    rows = {}
    for name in ("kdump-tools", "salvage -c", "salvage"):
        if args.only in (None, name):
            rows[name], run = measure(name, build, args.crashkernel, args.ram)
            if not rows[name] or not rows[name]["restart"]:
                print(f"{name}: did not come back; console in {build}/bench/{name}/console")
    print(f"panic to restart, seconds (crashkernel={args.crashkernel}, {args.ram} MiB, TCG)")
    print(f"{'':14}{'second kernel':>15}{'reset':>10}{'kernel again':>16}")
    for name, r in rows.items():
        if r:
            print(f"{name:14}{r['capture'] or 0:15.1f}{r['reset'] or 0:10.1f}{r['restart'] or 0:16.1f}")
    classic = rows.get("kdump-tools")
    for name, r in rows.items():
        if r and classic and r is not classic and r["restart"] and classic["restart"]:
            print(f"{name}: {r['reset'] / classic['reset']:.2f} of the time to the reset, "
                  f"{r['restart'] / classic['restart']:.2f} to the kernel after it")


if __name__ == "__main__":
    main()

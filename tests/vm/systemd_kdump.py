#!/usr/bin/env python3
"""systemd_kdump.py --build DIR: the service in a whole Debian with systemd, as TAP. Without a reservation
the unit is skipped; with one it is active before anybody asks, its outcome is in the journal with its
explanation, processors that come and go cost one reload, a crash is captured, and the next start tells of
it once."""
import argparse
import re
import shutil
from pathlib import Path

import debian_guest
import lab

EACH_BOOT = r"""#!/bin/sh
exec >/dev/ttyS0 2>&1
say() { echo "VM: $*"; }
n=$(cat /var/boots 2>/dev/null || echo 0)
echo $((n + 1)) >/var/boots
sync
say "boot $n"
unit() { systemctl show -p $2 --value $1; }
# what is logged by a program reaches the journal a little later
waiting() { i=0; until eval "$1" || [ $i -ge ${2:-60} ]; do i=$((i + 1)); sleep 1; done; }
case $n in
0)
	journalctl --update-catalog
	say "unit $(unit kdump ActiveState) $(unit kdump Result)"
	salvage check >/dev/null; say "check $?"
	salvage setup </dev/null | grep -c kdump.service; say "setup $?"
	kexec -l /boot/vmlinuz-$(uname -r) --initrd=/boot/initrd.img-$(uname -r) \
		--command-line="root=/dev/vda ro console=ttyS0 no_timer_check crashkernel=256M"
	systemctl --no-block kexec ;;
1)
	say "unit $(unit kdump ActiveState) $(unit kdump Result)"
	kdumpctl status; say "status $?"
	salvage status --json | grep armed
	/etc/init.d/kdump status; say "init script $?"
	waiting 'journalctl -q -b -t salvage | grep -q "capture kernel is loaded"'
	journalctl -q -b -x -t salvage | grep -c "kdumpctl rehearse"; say "catalogue"
	since=$(date +%s)
	for i in 1 2 3 4; do
		echo 0 >/sys/devices/system/cpu/cpu1/online
		echo 1 >/sys/devices/system/cpu/cpu1/online
	done
	waiting 'journalctl -q -b --since=@$since | grep -q "Starting kdump: .OK."'
	sleep 8
	say "reloads $(journalctl -q -b --since=@$since | grep -c 'Starting kdump: .OK.')"
	cat /sys/kernel/kexec_crash_loaded
	sync
	say "crash now"
	echo c >/proc/sysrq-trigger ;;
*)
	waiting '[ "$(unit salvage-notify ExecMainExitTimestamp)" ]'
	say "notify $(unit salvage-notify Result)"
	say "motd $(grep -c 'crash was saved' /run/motd.d/90-salvage)"
	waiting 'journalctl -q -b -t salvage | grep -q "kernel crashed"' 20
	say "journal $(journalctl -q -b -t salvage | grep -c 'its memory was saved')"
	salvage list; salvage show | head -4
	salvage notify; say "again $?"
	poweroff -f ;;
esac
"""


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    build = Path(ap.parse_args().build).resolve()
    work = build / "vm" / "systemd-kdump"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    root = debian_guest.lay_root(work, EACH_BOOT, build)
    for unit in ("kdump.service", "salvage-notify.service"):
        path = next(root.glob(f"usr/**/systemd/system/{unit}"))
        debian_guest.enable(root, unit, "/" + str(path.relative_to(root)))
    kernel, initrd = debian_guest.finish(work, root)
    run = lab.qemu(kernel, initrd, "root=/dev/vda ro console=ttyS0 no_timer_check", [work / "root.img"], ram_mb=1024,
                   cpus=2, limit=1100, log=work / "console", work=work)
    (work / "root.img").unlink()
    text = "\n".join(run.facts())
    reloads = re.search(r"^reloads (\d+)", text, re.M)
    tests = [
        ("without a reservation the unit is skipped, not failed", "unit inactive exec-condition" in text),
        ("and check says that there is none", "check 3" in text),
        ("with one it is armed", "unit active success" in text and "status 0" in text and "init script 0" in text),
        ("its outcome is in the journal, with its explanation", re.search(r"^1\s*\nVM: catalogue", run.console, re.M)),
        ("eight events of processors cost few reloads, at least one", reloads and 1 <= int(reloads[1]) <= 3),
        ("the crash is captured", re.search(r"salvage: saved /var/crash/\S+/vmcore", run.console)),
        ("the next start tells of it", "notify success" in text and "motd 1" in text and "journal 1" in text),
        ("once", re.search(r"VM: again 0$", run.console, re.M)),
    ]
    failed = 0
    for i, (name, good) in enumerate(tests):
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i + 1} - systemd-kdump: {name}")
    if failed:
        print("".join(f"# {l}\n" for l in [*run.facts(), "", *run.lines[-60:]]))
    print(f"1..{len(tests)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

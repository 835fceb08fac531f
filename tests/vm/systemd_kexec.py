#!/usr/bin/env python3
"""systemd_kexec.py --build DIR: reboots by kexec in a whole Debian with systemd, as TAP: `kexec -l` and
`systemctl kexec`; kexec-load.service, which loads GRUB's default entry when kexec.target starts; and
`kexec-load` before `systemctl kexec`. What counts is the command line that the next
kernel finds: a reset would bring back the one that QEMU was given."""
import argparse
import re
import shutil
from pathlib import Path

import debian_guest
import lab

GRUB = """set default=1
menuentry 'not this one' --id other { linux /boot/none came=wrong }
menuentry 'Debian' --id debian {
	linux /boot/vmlinuz-RELEASE root=/dev/vda ro console=ttyS0 no_timer_check came=by-kexec-load
	initrd /boot/initrd.img-RELEASE
}
"""

EACH_BOOT = r"""#!/bin/sh
exec >/dev/ttyS0 2>&1
echo "VM: booted $(sed -n 's/.*came=\([^ ]*\).*/\1/p' /proc/cmdline)"
n=$(cat /var/boots 2>/dev/null || echo 0)
echo $((n + 1)) >/var/boots
sync
kernel=/boot/vmlinuz-$(uname -r) initrd=/boot/initrd.img-$(uname -r)
line="root=/dev/vda ro console=ttyS0 no_timer_check"
case $n in
0)
	kexec -l $kernel --initrd=$initrd --command-line="$line came=by-systemctl"
	echo "VM: load status $? loaded $(cat /sys/kernel/kexec_loaded)"
	systemctl --no-block kexec ;;
1)
	systemctl enable kexec-load.service
	echo "VM: enabled $(systemctl is-enabled kexec-load.service)"
	systemctl --no-block start kexec.target ;;
2)
	kexec-load --append=came=by-systemctl-2
	echo "VM: kexec-load status $?"
	systemctl --no-block kexec ;;
*)
	echo "VM: fsck $(dmesg | grep -c 'recovery complete')"
	poweroff -f ;;
esac
"""

WAYS = ["by-systemctl", "by-kexec-load", "by-systemctl-2"]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    build = Path(ap.parse_args().build).resolve()
    work = build / "vm" / "systemd-kexec"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    root = debian_guest.lay_root(work, EACH_BOOT, build)
    release = next((root / "lib/modules").iterdir()).name
    (root / "boot/grub").mkdir(exist_ok=True)
    (root / "boot/grub/grub.cfg").write_text(GRUB.replace("RELEASE", release))
    kernel, initrd = debian_guest.finish(work, root)
    run = lab.qemu(kernel, initrd, "root=/dev/vda ro console=ttyS0 no_timer_check came=from-qemu",
                   [work / "root.img"], ram_mb=1024, limit=1500, log=work / "console", work=work)
    (work / "root.img").unlink()
    came = [m[1] for m in (re.match(r"booted ?(.*)", f) for f in run.facts()) if m]
    failed = 0
    for i, way in enumerate(WAYS):
        ok = came[:i + 2][-1:] == [way] and len(came) >= i + 2
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {i + 1} - the next kernel comes {way}")
    if failed:
        print(f"# came: {came}")
        print("".join(f"# {line}\n" for line in run.lines[-60:]))
    print(f"1..{len(WAYS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

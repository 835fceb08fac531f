#!/usr/bin/env python3
"""jump.py --build DIR: kexec jump, as TAP. A small own kernel (own_kernel.py, with CONFIG_KEXEC_JUMP) starts a
program and comes back from it twice; then a whole Linux, which goes back by --load-jump-back-helper."""
import argparse
import re
import shutil
from pathlib import Path

import lab
import own_kernel

INIT = r"""#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev 2>/dev/null
exec </dev/console >/dev/console 2>&1
export PATH=/sbin:/usr/sbin:/bin
/bin/busybox --install -s /bin
back=$(sed -n 's/.*kexec_jump_back_entry=\(0x[0-9a-f]*\).*/\1/p' /proc/cmdline)
if [ -n "$back" ]; then
	echo "VM: second kernel, way back $back, $(sed -n 's/MemTotal: *//p' /proc/meminfo)"
	kexec --load-jump-back-helper --entry=$back
	echo "VM: helper status $?"
	kexec -e -x
	echo "VM: not gone back"
	poweroff -f
fi
mark=$(head -c 16 /dev/urandom | sha256sum)
echo "$mark" >/mark
kexec -l -s --load-preserve-context --args-none /comes-back; echo "VM: file call status $?"
kexec -l --load-preserve-context /image; echo "VM: without limits status $?"
kexec -l --load-preserve-context --args-none /comes-back
echo "VM: load status $?"
kexec -e -x; echo "VM: back status $?"
kexec -e -x; echo "VM: back status $?"
kexec -l --load-preserve-context --mem-min=0x6000000 --mem-max=0xa000000 /image --initrd=/again.gz --command-line="console=ttyS0 no_timer_check"
echo "VM: load Linux status $?"
kexec -e -x; echo "VM: back from Linux status $?"
[ "$mark" = "$(cat /mark)" ] && echo "VM: memory as before"
poweroff -f
"""


def tree(work, build):
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy("/bin/busybox", root / "bin/busybox")
    lab.copy_program(build / "bin/kexec", root)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    shutil.copy(build / "tests/vm/comes-back", root / "comes-back")
    return root


CHECKS = [
    ("the file call is refused", r"VM: file call status 255"),
    ("Linux without limits is refused", r"VM: without limits status 255"),
    ("a program is jumped to", r"VM: away, time 1"),
    ("it comes back", r"VM: back status 0(.|\n)*VM: away, time 2"),
    ("and once more", r"VM: away, time 2(.|\n)*VM: back status 0"),
    ("a Linux is told the way back and its memory", r"VM: second kernel, way back 0x0*[1-9a-f][0-9a-f]*, [1-6][0-9]{4} kB"),
    ("it goes back", r"VM: back from Linux status 0"),
    ("memory is as before", r"VM: memory as before"),
]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    build = Path(ap.parse_args().build).resolve()
    kernel = own_kernel.build("jump")
    work = build / "vm" / "jump"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    again = lab.pack_initramfs(tree(work, build), work / "again.gz")
    root = tree(work, build)
    shutil.copy(again, root / "again.gz")
    shutil.copy(kernel / "image", root / "image")
    initrd = lab.pack_initramfs(root, work / "first.gz")
    run = lab.qemu(kernel / "image", initrd, "console=ttyS0 no_timer_check", [], ram_mb=256, limit=300,
                   log=work / "console", work=work)
    failed = 0
    for i, (name, pattern) in enumerate(CHECKS):
        ok = re.search(pattern, run.console)
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {i + 1} - jump: {name}")
    if failed:
        print("".join(f"# {line}\n" for line in run.lines[-60:]))
    print(f"1..{len(CHECKS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

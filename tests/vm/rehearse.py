#!/usr/bin/env python3
"""`kdumpctl rehearse` and `estimate --measure` for a recorded machine with a stock kernel, as TAP. The
machine is a folder: its /boot and modules are Debian's, its /sys has one virtio disk, and its /dev/vda is
a file with a file system. QEMU is the one that kdumpctl starts; nothing else runs here."""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import debian
import lab

DISK = "sys/devices/pci0000:00/0000:00:04.0/virtio1/block/vda"


class Results:
    n = failed = 0

    def add(self, name, good, detail=""):
        self.n += 1
        print(f"{'ok' if good else 'not ok'} {self.n} - rehearse: {name}", flush=True)
        if not good:
            self.failed += 1
            print("\n".join("# " + l for l in str(detail).splitlines()[-60:]), flush=True)


def link(at, to):
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)


def driver(tree, folder, name, module):
    up = "/".join([".."] * len(folder.split("/")))
    link(tree / folder / "driver", f"{up}/sys/bus/drivers/{name}")
    (tree / f"sys/bus/drivers/{name}").mkdir(parents=True, exist_ok=True)
    link(tree / f"sys/bus/drivers/{name}/module", f"../../../module/{module}")


def machine(kernel, build, work, reserved):
    tree = work / "machine"
    shutil.copytree(lab.base_root(kernel, build), tree, symlinks=True,
                    copy_function=lambda a, b: Path(b).hardlink_to(a))
    for name in ("proc/self", "proc/sys/kernel", "sys/kernel", "sys/dev/block", "sys/class/block", "run/lock",
                 "etc/sysconfig", DISK):
        (tree / name).mkdir(parents=True, exist_ok=True)
    (tree / "etc/kdump.conf").write_text("path /var/crash\ncore_collector makedumpfile -l -d 31\n")
    for name, text in {
            "proc/sys/kernel/osrelease": kernel.release, "proc/sys/kernel/hostname": "guest",
            "proc/sys/kernel/arch": "x86_64", "proc/cmdline": "root=/dev/vda ro crashkernel=192M",
            "proc/cpuinfo": "processor\t: 0\ninitial apicid\t: 0", "proc/meminfo": "MemTotal: 1048576 kB",
            "proc/self/mountinfo": "21 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
            "proc/iomem": "00000000-3fffffff : System RAM",
            "sys/kernel/kexec_loaded": "0", "sys/kernel/kexec_crash_loaded": "1",
            "sys/kernel/kexec_crash_size": str(reserved << 20), DISK + "/dev": "254:0"}.items():
        (tree / name).write_text(text + "\n")
    driver(tree, "sys/devices/pci0000:00/0000:00:04.0", "virtio-pci", "virtio_pci")
    driver(tree, "sys/devices/pci0000:00/0000:00:04.0/virtio1", "virtio_blk", "virtio_blk")
    link(tree / "sys/dev/block/254:0", "../../" + DISK.removeprefix("sys/"))
    link(tree / "sys/class/block/vda", "../../" + DISK.removeprefix("sys/"))
    files = work / "files"
    (files / "var/crash").mkdir(parents=True)
    lab.make_ext4(tree / "dev/vda", 600, tree=files, label=lab.TARGET_LABEL, uuid=lab.TARGET_UUID)
    return tree


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--kernel", default="6.1")
    ap.add_argument("--long", action="store_true", help="also estimate --measure")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    work = build / "vm" / "rehearse"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    kernel = debian.Kernel(args.kernel)
    tree = machine(kernel, build, work, 192)
    r = Results()

    def kdumpctl(*words, limit=900):
        p = subprocess.run([build / "bin/kdumpctl", "--root", tree, *words], capture_output=True, text=True,
                           timeout=limit, env=dict(os.environ, TMPDIR=str(work)))
        return p.returncode, p.stdout, p.stderr

    code, out, err = kdumpctl("rehearse")
    r.add("without an image it says what to do", code == 1 and "kdumpctl restart" in err, err)
    code, out, err = kdumpctl("rebuild")
    r.add("the image is built", code == 0, err)
    before = digest(tree / "dev/vda")
    code, out, err = kdumpctl("rehearse", "--json", "--console", "--memory", "512")
    (work / "console").write_text(err)
    got = json.loads(out or "{}")
    r.add("the armed kernel and image capture onto a snapshot",
          code == 0 and got["result"] == "saved" and "/var/crash/" in got["saved"]
          and got["disks"] == "a snapshot of /dev/vda (virtio-blk-pci)", out + err)
    r.add("time, size and memory are told", got.get("bytes", 0) > 1 << 20 and 0 < got["init_ms"] < got["saved_ms"]
          and 0 < got["memory_used_mib"] < got["memory_total_mib"] <= 192, out)
    r.add("the machine's disk is untouched", digest(tree / "dev/vda") == before)
    r.add("nothing stays behind", not list(work.glob("salvage-*")), list(work.glob("salvage-*")))
    (tree / "etc/kdump.conf").write_text(f"ext4 UUID={lab.TARGET_UUID}\npath /dumps\nfailure_action poweroff\n"
                                         "core_collector makedumpfile -l -d 31\n")
    subprocess.run(["debugfs", "-w", "-R", "mkdir /dumps", tree / "dev/vda"], check=True, capture_output=True)
    (tree / "dumps").mkdir()
    code, out, err = kdumpctl("rebuild")
    r.add("a target by UUID", code == 0, err)
    code, out, err = kdumpctl("rehearse", "--scratch", "--memory", "512")
    r.add("an empty disk of the same UUID stands in", code == 0 and "an empty ext4 on virtio-blk-pci" in out
          and re.search(r"^Saved: +/dumps/", out, re.M), out + err)
    code, out, err = kdumpctl("rehearse", "--scratch", "--crashkernel", "32M", "--memory", "512")
    r.add("too small a reservation fails, and says how", code == 1 and "FAILED" in out, out + err)
    if args.long:
        code, out, err = kdumpctl("estimate", "--measure", "--json", limit=3000)
        got = json.loads(out or "{}")
        r.add(f"the smallest reservation: {got.get('smallest', 0) >> 20}M, floor {got.get('floor', 0) >> 20}M",
              code == 0 and 0 < got["floor"] <= got["smallest"] < 192 << 20, out + err)
        (work / "measure").write_text(err + out)
    print(f"1..{r.n}")
    if not r.failed:
        shutil.rmtree(tree)
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main())

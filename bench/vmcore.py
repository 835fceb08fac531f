#!/usr/bin/env python3
"""vmcore.py --build DIR KIND TARGET: makes a real vmcore to measure with, under TCG.

    small-6.1, small-6.12, small-7   the full copy of /proc/vmcore of a guest of 512 MiB that died by
                                     SysRq, as the collector saw it: ELF, zeros as holes
    large                            all memory of a guest of 6 GiB, loaded by load.c and dead by SysRq:
                                     QEMU's dump-guest-memory, rewritten as /proc/vmcore would be

Without TARGET it goes into the cache, and what is there is used again."""
import argparse
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/vm"))
import debian
import lab
import scenario
import scenarios

LARGE_MB = 6144
INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mkdir -p /proc /sys /dev /mnt
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
exec </dev/console >/dev/console 2>&1
while read -r m; do $B insmod /modules/$m; done </modules/order
n=0
while ! [ -b /dev/vda ] && [ $n -lt 100 ]; do $B usleep 100000; n=$((n + 1)); done
$B mount -t ext4 -o ro /dev/vda /mnt
/load /mnt
echo "BENCH: loaded"
$B cat /proc/meminfo
echo 1 >/proc/sys/kernel/sysrq
echo "BENCH: crash now"
echo c >/proc/sysrq-trigger
"""


def small(kernel, build, target):
    s = scenarios.Scenario(f"bench-vmcore-{kernel}", kernel=kernel, programs=["copy-and-filter"],
                           conf="path /dumps\ncore_collector copy-and-filter\n")
    o = scenario.execute(s, build)
    # sparse stays sparse
    lab.sh("cp", "--sparse=always", o.folder / "vmcore-full", target)
    shutil.rmtree(o.work)


def monitor(path, command, limit):
    """One QMP command, and its answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(limit)
        s.connect(str(path))
        f = s.makefile("rw")
        f.readline()
        for what in ({"execute": "qmp_capabilities"}, command):
            f.write(json.dumps(what) + "\n")
            f.flush()
            while True:
                answer = json.loads(f.readline())
                if "return" in answer or "error" in answer:
                    break
        if "error" in answer:
            raise SystemExit(f"QEMU: {answer['error']}")


class Memory:
    """QEMU's ELF dump, and the few page table entries that rewriting it takes."""

    def __init__(self, path):
        self.file = open(path, "rb")
        head = self.file.read(64)
        phoff, phnum = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
        self.file.seek(phoff)
        headers = [struct.unpack("<IIQQQQQQ", self.file.read(56)) for _ in range(phnum)]
        note = next(h for h in headers if h[0] == 4)
        self.notes = self.at(note[2], note[5])
        self.loads = [h for h in headers if h[0] == 1 and h[6] > 1 << 20]  # without the firmware's ROM
        info = self.notes[self.notes.index(b"OSRELEASE="):].split(b"\0")[0].decode()
        self.info = dict(l.split("=", 1) for l in info.splitlines() if "=" in l)

    def at(self, off, n):
        self.file.seek(off)
        return self.file.read(n)

    def word(self, pa):
        h = next(h for h in self.loads if h[4] <= pa < h[4] + h[6])
        return struct.unpack("<Q", self.at(h[2] + pa - h[4], 8))[0]

    def translate(self, va):
        table = (int(self.info["SYMBOL(swapper_pg_dir)"], 16) - 0xffffffff80000000
                 + int(self.info["NUMBER(phys_base)"]))
        shift = 48 if self.info.get("NUMBER(pgtable_l5_enabled)") == "1" else 39
        while True:
            entry = self.word(table + (va >> shift & 511) * 8)
            table = entry & 0x000ffffffffff000
            if shift == 12 or entry & 0x80:
                return table & -(1 << shift) | va & ((1 << shift) - 1)
            shift -= 9


def as_proc_vmcore(path, target):
    """QEMU's file with the layout of /proc/vmcore: program headers behind the file header, page aligned
    memory with its addresses in the kernel's linear mapping; zeros as holes."""
    m = Memory(path)
    va = int(m.info["SYMBOL(mem_section)"], 16)
    base = va - m.translate(va)
    at = -(-(4096 + len(m.notes)) // 4096) * 4096
    headers = struct.pack("<IIQQQQQQ", 4, 0, 4096, 0, 0, len(m.notes), len(m.notes), 4)
    zeros = bytes(65536)
    with open(target, "wb") as out:
        for h in m.loads:
            headers += struct.pack("<IIQQQQQQ", 1, 7, at, base + h[4], h[4], h[6], h[6], 0)
            for off in range(0, h[6], 65536):
                piece = m.at(h[2] + off, min(65536, h[6] - off))
                if piece != zeros[:len(piece)]:
                    out.seek(at + off)
                    out.write(piece)
            at += h[6]
        out.truncate(at)
        out.seek(0)
        out.write(struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 4, 62, 1, 0, 64, 0, 0, 64, 56,
                              1 + len(m.loads), 0, 0, 0) + headers)
        out.seek(4096)
        out.write(m.notes)


def usr_image(work):
    """Files as a machine has them in its page cache: this host's own programs and libraries."""
    tree = work / "usr"
    tree.mkdir()
    left = 1500 << 20
    for folder in ("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/share", "/usr/include"):
        for path in sorted(Path(folder).rglob("*")):
            try:
                if path.is_symlink() or not path.is_file() or path.stat().st_size > 64 << 20:
                    continue
                to = tree / path.relative_to("/")
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, to)
                left -= path.stat().st_size
            except OSError:
                continue
            if left < 0:
                break
        if left < 0:
            break
    lab.make_ext4(work / "usr.img", 2600, tree=tree, extra=["-N", "200000"])
    shutil.rmtree(tree)
    return work / "usr.img"


def initramfs(kernel, work):
    root = work / "initramfs"
    for d in ("bin", "modules", "dev"):
        (root / d).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    lab.sh("cc", "-O2", "-static", "-o", root / "load", HERE / "load.c")
    order = []
    for path in kernel.module_files("virtio_pci", "virtio_blk", "ext4", "qemu_fw_cfg"):
        name = os.path.basename(path).split(".ko")[0] + ".ko"
        (root / "modules" / name).write_bytes(lab.unpacked_module(path))
        order.append(name)
    (root / "modules/order").write_text("".join(f"{n}\n" for n in order))
    names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
    cpio = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(),
                          stdout=subprocess.PIPE, check=True).stdout
    (work / "initramfs.cpio").write_bytes(cpio)
    return work / "initramfs.cpio"


def large(build, target):
    work = build / "bench" / "large"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    kernel = debian.Kernel("6.1")
    qmp = work / "qmp"
    dumped = []

    def echo(now, line):
        if "BENCH" in line:
            print(f"# {now:7.1f} {line}", flush=True)
        if "end Kernel panic" in line and not dumped:
            dumped.append(line)
            part = work / "vmcore"
            monitor(qmp, {"execute": "dump-guest-memory",
                          "arguments": {"paging": False, "protocol": f"file:{part}", "format": "elf"}}, 900)
            monitor(qmp, {"execute": "quit"}, 60)

    run = lab.qemu(kernel.image, initramfs(kernel, work),
                   "console=ttyS0 no_timer_check panic=0 oops=panic loglevel=7", [usr_image(work)],
                   ram_mb=LARGE_MB, cpus=2, cpu="max", limit=2400, log=work / "console", work=work,
                   extra=["-device", "vmcoreinfo", "-qmp", f"unix:{qmp},server=on,wait=off"], echo=echo)
    if not dumped:
        raise SystemExit(f"the guest did not get that far ({run.status}); see {work}/console")
    (work / "usr.img").unlink()
    as_proc_vmcore(work / "vmcore", target)
    (work / "vmcore").unlink()


def make(kind, build, target=None):
    """The path of the vmcore of this kind, made when it is not there."""
    if not target:
        folder = debian.cache() / "vmcores"
        folder.mkdir(exist_ok=True)
        target = folder / kind
        if target.exists():
            return target
    print(f"# making {kind}", flush=True)
    part = target.with_name(target.name + ".part")
    if kind == "large":
        large(build, part)
    else:
        small(kind.removeprefix("small-"), build, part)
    part.rename(target)
    return target


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--build", default="build")
    ap.add_argument("kind", choices=["small-6.1", "small-6.12", "small-7", "large"])
    ap.add_argument("target", nargs="?", type=Path)
    args = ap.parse_args()
    print(make(args.kind, Path(args.build).resolve(), args.target))


if __name__ == "__main__":
    main()

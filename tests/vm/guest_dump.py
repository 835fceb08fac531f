#!/usr/bin/env python3
"""guest_dump.py --build DIR: a guest that QEMU dumps from outside, as TAP. One boot; the stopped
guest is dumped in every format that the installed QEMU has, and each must read as the same
memory. What it leaves is in BUILD/vm/guest-dump."""
import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import as_sadump
import checks
import debian
import lab

HERE = Path(__file__).resolve().parent
RAM_MB = 192
READY_S = 150


class Qmp:
    """QEMU's control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        for _ in range(100):
            try:
                self.socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.1)
        self.lines = self.socket.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        text = json.dumps({"execute": command, "arguments": arguments})
        self.socket.sendall(text.encode() + b"\n")
        for line in self.lines:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(f"{command}: QEMU is gone")


def make_initramfs(kernel, build, work):
    root = work / "initramfs"
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "modules").mkdir()
    (root / "dev").mkdir()
    shutil.copy("/bin/busybox", root / "bin/busybox")
    shutil.copy(HERE / "guest/dumped-init", root / "init")
    order = []
    for path in kernel.module_files("qemu_fw_cfg"):
        name = re.sub(r"\.ko.*", ".ko", os.path.basename(path))
        (root / "modules" / name).write_bytes(lab.unpacked_module(path))
        order.append(name)
    (root / "modules/order").write_text("".join(f"{n}\n" for n in order))
    lab.copy_program(build / "bin/vmcore-dmesg", root, where="bin")
    out = lab.pack_initramfs(root, work / "initramfs.gz")
    shutil.rmtree(root)
    return out


def boot(kernel, initrd, work):
    """A guest with VMCOREINFO's device, stopped when it is ready."""
    console = work / "console"
    argv = ["timeout", "-k", "5", "280", "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg",
            "-cpu", "qemu64", "-smp", "2", "-m", str(RAM_MB), "-nodefaults", "-display", "none",
            "-net", "none", "-serial", f"file:{console}", "-device", "vmcoreinfo",
            "-qmp", f"unix:{work}/qmp,server=on,wait=off", "-kernel", str(kernel.image),
            "-initrd", str(initrd), "-append", "console=ttyS0 no_timer_check"]
    qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and qemu.poll() is None:
        if console.exists() and "VM: ready" in console.read_text(errors="replace"):
            break
        time.sleep(0.3)
    else:
        qemu.terminate()
        qemu.wait()
        raise SystemExit("the guest did not come up; see " + str(console))
    return qemu, Qmp(work / "qmp")


def take_dumps(qmp, work):
    """{name: file}: everything this QEMU writes of a Linux guest, of the same stopped moment."""
    qmp.ask("stop")
    formats = qmp.ask("query-dump-guest-memory-capability")["formats"]
    dumps = {}
    for name in formats:
        if name == "win-dmp":
            continue
        path = work / name
        qmp.ask("dump-guest-memory", paging=False, protocol=f"file:{path}", format=name)
        dumps[name] = path
    path = work / "elf-paging"
    qmp.ask("dump-guest-memory", paging=True, protocol=f"file:{path}")
    dumps["elf-paging"] = path
    qmp.ask("pmemsave", val=0, size=RAM_MB << 20, filename=str(work / "pmemsave"))
    return dumps


class Guest:
    def __init__(self, build):
        self.build = build
        self.work = build / "vm" / "guest-dump"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.kernel = debian.Kernel("6.1")
        started = time.monotonic()
        qemu, qmp = boot(self.kernel, make_initramfs(self.kernel, build, self.work), self.work)
        try:
            self.dumps = take_dumps(qmp, self.work)
            qmp.ask("quit")
        finally:
            if qemu.poll() is None:
                try:
                    qemu.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    qemu.terminate()
                    qemu.wait()
        self.seconds = time.monotonic() - started
        self.console = (self.work / "console").read_text(errors="replace")

    def run(self, program, *argv):
        return checks.call(self.build / "bin" / program, *argv).stdout

    def pages(self, *names):
        p = checks.call(self.build / "tests/make/dumpcmp", *names)
        return json.loads(p.stdout)


def every_format(g):
    """Every format this QEMU names was taken."""
    assert {"elf", "elf-paging", "kdump-zlib"} <= set(g.dumps), sorted(g.dumps)
    return " ".join(sorted(g.dumps)) + f" in {g.seconds:.0f} s"


def same_pages(g):
    """Each page frame that the ELF dump holds reads the same from every other file, and none holds
    more. VMCOREINFO is the guest's in each."""
    words = []
    for name, path in g.dumps.items():
        n = g.pages(g.dumps["elf"], path)
        assert n["different"] == 0 and n["lost"] == 0, f"{name}: {n}"
        # with paging QEMU leaves out what the guest does not map: holes of the first MiB
        unmapped = 256 if name == "elf-paging" else 0
        assert n["same"] >= (RAM_MB - 1) * 256 and n["only_first"] <= unmapped, f"{name}: {n}"
        assert n["only_second"] == 0, f"{name}: {n}"
        assert n["same_vmcoreinfo"], f"{name}: VMCOREINFO differs"
        words.append(f"{name} {n['same']}")
    return ", ".join(words)


def raw_memory(g):
    """pmemsave has the same pages, without any header."""
    n = g.pages(g.dumps["elf"], f"{g.work}/pmemsave@0,arch=x86_64")
    # what is not RAM in the first MiB is in pmemsave too
    assert n["different"] == 0 and n["lost"] == 0 and n["only_first"] <= 512, n
    return f"{n['same']} pages"


def log(g):
    """vmcore-dmesg prints the log of the running kernel from each, and the same one."""
    first = None
    for name, path in g.dumps.items():
        text = g.run("vmcore-dmesg", path).decode(errors="replace")
        assert f"Linux version {g.kernel.release}" in text, name
        assert f"guest to be dumped: {g.kernel.release}" in text, name
        assert first is None or text == first, f"{name}: another log"
        first = text


def refiltered(g):
    """makedumpfile -d 31 filters a flattened QEMU dump; what is left has the same bytes."""
    out = g.work / "filtered"
    g.run("makedumpfile", "-l", "-d", "31", "--message-level", "4", g.dumps["kdump-zlib"], out)
    n = g.pages(g.dumps["elf"], out)
    assert n["different"] == 0 and n["lost"] == 0 and n["only_second"] == 0, n
    assert 0 < n["same"] < RAM_MB * 128 and n["excluded_second"] > RAM_MB * 64, n
    text = g.run("vmcore-dmesg", out).decode(errors="replace")
    assert f"guest to be dumped: {g.kernel.release}" in text
    return f"{n['same']} pages left, {out.stat().st_size >> 20} MiB"


def hide_vmcoreinfo(g, name, everywhere):
    """A copy of the ELF dump without its VMCOREINFO note, or without any in memory either."""
    data = bytearray(g.dumps["elf"].read_bytes())
    at, hidden = 0, 0
    while (at := data.find(b"\x0b\0\0\0", at)) >= 0:
        if data[at + 12:at + 22] == b"VMCOREINFO":
            data[at + 12] = ord("X")
            hidden += 1
            if not everywhere:
                break
        at += 1
    path = g.work / name
    path.write_bytes(data)
    return path, hidden


def without_vmcoreinfo(g):
    """As `virsh dump` makes them, without the device: VMCOREINFO is found in memory, from raw memory
    too. Where it is not there either, the registers say where KASLR put the kernel, and a text made
    of another dump of that build (-g) does for the rest."""
    first = g.run("vmcore-dmesg", g.dumps["elf"])
    path, _ = hide_vmcoreinfo(g, "hidden", False)
    assert g.run("vmcore-dmesg", path) == first
    assert g.run("vmcore-dmesg", f"{g.work}/pmemsave@0,arch=x86_64") == first
    path, hidden = hide_vmcoreinfo(g, "hidden", True)
    assert hidden >= 2, "the kernel's own note was not found to be hidden"
    checks.call(g.build / "bin/makedumpfile", "-g", g.work / "text", g.dumps["elf"])
    g.run("makedumpfile", "-i", g.work / "text", "--dump-dmesg", path, g.work / "log")
    assert (g.work / "log").read_bytes() == first
    g.run("makedumpfile", "-l", "-d", "31", "-i", g.work / "text", path, g.work / "hidden-31")
    n = g.pages(g.work / "filtered", g.work / "hidden-31")
    # nothing but the pages where it was hidden
    assert n["different"] <= hidden and n["only_first"] == 0 and n["only_second"] == 0, n
    for name in ("hidden", "text", "log", "hidden-31"):
        (g.work / name).unlink()
    return f"{n['same']} pages"


def firmware(g):
    """The same memory and registers as a firmware's dump: read alike, with VMCOREINFO out of memory or,
    where that is hidden, with KASLR out of the save areas."""
    first = g.run("vmcore-dmesg", g.dumps["elf"])
    elf, memory = g.dumps["elf"].read_bytes(), (g.work / "pmemsave").read_bytes()
    path = g.work / "sadump"
    as_sadump.write(elf, memory, path)
    n = g.pages(f"{g.work}/pmemsave@0,arch=x86_64", path)
    assert n["same"] == RAM_MB * 256 and n["different"] == 0 and n["complete_second"], n
    assert g.run("vmcore-dmesg", path) == first
    as_sadump.write(elf, memory.replace(b"VMCOREINFO\0", b"XMCOREINFO\0"), path)
    checks.call(g.build / "bin/makedumpfile", "-f", "-g", g.work / "text", g.dumps["elf"])
    g.run("makedumpfile", "-f", "-i", g.work / "text", "--dump-dmesg", path, g.work / "log")
    assert (g.work / "log").read_bytes() == first
    size = path.stat().st_size >> 20
    for name in ("sadump", "text", "log"):
        (g.work / name).unlink()
    return f"{size} MiB"


def running_kernel(g):
    """vmcore-dmesg reads the guest's own /proc/kcore while it runs."""
    m = re.search(r"VM: kcore status (\d+), (\d+) lines, (.*)", g.console)
    assert m and m[1] == "0" and int(m[2]) > 200, m and m[0]
    assert m[3] == f"guest to be dumped: {g.kernel.release}", m[3]
    return f"{m[2]} lines"


def cut_off(g):
    """A file that was cut off is incomplete and reads as far as it goes."""
    for name in ("elf", "kdump-zlib"):
        cut = g.work / f"{name}-cut"
        data = g.dumps[name].read_bytes()
        cut.write_bytes(data[:len(data) * 2 // 3])
        n = g.pages(g.dumps["elf"], cut)
        assert not n["complete_second"] and n["different"] == 0, f"{name}: {n}"
        assert n["same"] > 1000 and n["lost"] > 1000, f"{name}: {n}"
        cut.unlink()


CHECKS = [every_format, same_pages, raw_memory, log, refiltered, without_vmcoreinfo, firmware, running_kernel,
          cut_off]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--keep", action="store_true", help="keep the dumps")
    args = ap.parse_args()
    guest = Guest(Path(args.build).resolve())
    failed = 0
    for i, check in enumerate(CHECKS, 1):
        try:
            words = check(guest) or ""
            print(f"ok {i} - guest-dump: {check.__name__}{' ' + words if words else ''}", flush=True)
        except AssertionError as e:
            failed += 1
            print(f"not ok {i} - guest-dump: {check.__name__}: {e}", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {i} - guest-dump: {check.__name__}", flush=True)
    print(f"1..{len(CHECKS)}")
    if failed:
        print("\n".join("# " + l for l in guest.console.splitlines()[-40:]))
    elif not args.keep:
        for path in [*guest.dumps.values(), guest.work / "pmemsave", guest.work / "filtered"]:
            path.unlink(missing_ok=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

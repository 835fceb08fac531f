#!/usr/bin/env python3
"""zoo.py --build DIR [--keep FOLDER] [--dumps FOLDER] [FAULT...]: the faults of faults.md, as TAP. Each kills a guest
for real; the report of the dump, filtered as a service would, must name its cause first, with whom it
blames. --keep leaves the filtered dumps there; --dumps judges such a folder without any guest."""
import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checks
import debian
import guest_dump
import lab

HERE = Path(__file__).resolve().parent
RAM_MB = 256
READY_S = 240
DEATH_S = 150
WORDS = {"slub": "slub_debug=FZPU panic_on_taint=0x20"}
# an uncorrected memory error that the interrupted instruction cannot survive: bank 9, on CPU 1
MCE = "mce 1 9 0xbd80000000000134 0x4 0x12345000 0x8c"


class Fault:
    def __init__(self, cells):
        self.name, append, trigger, outside, self.cause, self.guilty = cells
        self.append = WORDS.get(append, append)
        self.trigger = f"zoo {trigger}" if re.fullmatch(r"[a-z-]+", trigger) and trigger != "true" else trigger
        self.outside, _, seconds = outside.partition(" ")
        self.after_s = int(seconds or 0)


def faults():
    rows = [l for l in (HERE / "faults.md").read_text().splitlines() if l.startswith("| ")]
    return [Fault([c.strip() for c in row.strip("|").split("|")]) for row in rows[2:]]


def zoo_module(kernel, build):
    out = build / "vm" / "zoo"
    module = out / "zoo.ko"
    if module.exists() and module.stat().st_mtime > (HERE / "zoo/zoo.c").stat().st_mtime:
        return module
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(HERE / "zoo", out)
    lab.sh("make", "-C", kernel.headers(), f"M={out}", "CC=gcc-12", "modules")
    return module


def initramfs(kernel, build, work):
    root = work / "initramfs"
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy("/bin/busybox", root / "bin/busybox")
    shutil.copy(HERE / "guest/zoo-init", root / "init")
    lab.add_modules(kernel, root, "qemu_fw_cfg", "virtio_pci", "virtio_blk")
    shutil.copy(zoo_module(kernel, build), root / "modules/zoo.ko")
    out = lab.pack_initramfs(root, work / "initramfs.gz")
    shutil.rmtree(root)
    return out


class Guest:
    """A QEMU whose console is a socket: what it says is in `console`."""

    def __init__(self, kernel, initrd, work, append, state=None):
        self.work, self.log = work, work / "console"
        argv = ["timeout", "-k", "5", str(READY_S + DEATH_S), "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg",
                "-cpu", "qemu64", "-smp", "2", "-m", str(RAM_MB), "-nodefaults", "-display", "none", "-net", "none",
                "-chardev", f"socket,id=con,path={work}/con,server=on,wait=off,logfile={self.log},logappend=off",
                "-drive", "if=none,id=d0,file.driver=null-co,file.size=64M,format=raw",
                "-device", "virtio-blk-pci,drive=d0", "-serial", "chardev:con", "-device", "vmcoreinfo", "-qmp", f"unix:{work}/qmp,server=on,wait=off",
                "-kernel", str(kernel.image), "-initrd", str(initrd),
                "-append", f"console=ttyS0 no_timer_check panic=0 {append}"]
        if state:
            argv += ["-incoming", f"exec:cat {state}"]
        for name in ("con", "qmp", "console"):
            (work / name).unlink(missing_ok=True)
        self.qemu = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        self.qmp = guest_dump.Qmp(work / "qmp")
        self.con = socket.socket(socket.AF_UNIX)
        self.con.connect(str(work / "con"))
        self.con.setblocking(False)

    def said(self):
        try:
            while self.con.recv(65536):
                pass
        except BlockingIOError:
            pass
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait(self, pattern, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.qemu.poll() is None:
            if re.search(pattern, self.said()):
                return True
            time.sleep(0.2)
        return False

    def say(self, line):
        self.con.sendall(line.encode() + b"\n")

    def end(self):
        if self.qemu.poll() is None:
            self.qemu.terminate()
        self.qemu.wait()
        self.con.close()


def idle_state(kernel, initrd, work, append):
    """The file with an idle guest's state."""
    state = work / f"state-{len(append)}"
    if state.exists():
        return state
    guest = Guest(kernel, initrd, work, append)
    try:
        if not guest.wait("VM: ready", READY_S):
            raise SystemExit(f"the guest did not come up; see {guest.log}")
        part = state.with_suffix(".part")
        guest.qmp.ask("stop")
        guest.qmp.ask("migrate", uri=f"exec:cat >{part}")
        for _ in range(600):
            if guest.qmp.ask("query-migrate").get("status") in ("completed", "failed"):
                break
            time.sleep(0.2)
        part.rename(state)
    finally:
        guest.end()
    return state


def die(fault, kernel, initrd, work, build, keep):
    """The filtered dump of a guest that died of `fault`."""
    guest = Guest(kernel, initrd, work, fault.append, idle_state(kernel, initrd, work, fault.append))
    full = work / "full"
    try:
        for _ in range(300):
            if guest.qmp.ask("query-status")["status"] == "running":
                break
            if guest.qmp.ask("query-status")["status"] == "paused":
                guest.qmp.ask("cont")
            time.sleep(0.1)
        guest.say(fault.trigger)
        if fault.outside:
            guest.wait("VM: done", 60)
            time.sleep(fault.after_s)
            line = {"nmi": "nmi", "mce": MCE, "throttle": "block_set_io_throttle d0 1 0 0 0 0 0"}[fault.outside]
            said = guest.qmp.ask("human-monitor-command", **{"command-line": line})
            assert not said, f"QEMU says of '{line}': {said}"
        assert guest.wait("end Kernel panic", DEATH_S), "it did not die:\n" + guest.said()[-3000:]
        time.sleep(0.5)
        guest.qmp.ask("stop")
        guest.qmp.ask("dump-guest-memory", paging=False, protocol=f"file:{full}", format="elf")
        (keep / f"{fault.name}.console").write_text(guest.said())
    finally:
        guest.end()
    dump = keep / fault.name
    dump.unlink(missing_ok=True)
    checks.call(build / "bin/makedumpfile", "-c", "-d", "31", "--message-level", "4", full, dump)
    full.unlink()
    return dump


def judge(fault, dump, build):
    """The report names the right cause first, and whom it blames."""
    p = checks.call(build / "bin/salvage", "report", "--json", dump)
    report = json.loads(p.stdout)
    causes = report["causes"]
    assert causes, f"no cause; headline: {report['headline']}"
    first = causes[0]
    said = f"{first['cause']} ({first['confidence']}): {first['text']}"
    cause, _, beside = fault.cause.partition("+")
    assert first["cause"] == cause, f"expected {cause}, got {said}"
    if cause == "sysrq":
        others = {c["cause"]: c for c in causes[1:]}
        assert set(others) == ({beside} - {""}), f"healthy, but {others}"
        first = others.get(beside, first)
    assert fault.guilty in json.dumps(first), f"{fault.guilty} is not in {first}"
    return said


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--keep", type=Path)
    ap.add_argument("--dumps", type=Path)
    ap.add_argument("faults", nargs="*")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    work = build / "vm" / "zoo-run"
    wanted = [f for f in faults() if not args.faults or f.name in args.faults]
    unknown = set(args.faults) - {f.name for f in wanted}
    if unknown:
        sys.exit(f"no such fault: {' '.join(sorted(unknown))}")
    if not args.dumps:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        kernel = debian.Kernel("6.1")
        initrd = initramfs(kernel, build, work)
    keep = args.keep or work
    failed = 0
    for i, fault in enumerate(wanted, 1):
        started = time.monotonic()
        try:
            dump = args.dumps / fault.name if args.dumps else die(fault, kernel, initrd, work, build, keep)
            words = f"{judge(fault, dump, build)} {time.monotonic() - started:.0f} s"
            print(f"ok {i} - {fault.name}: {words}", flush=True)
        except AssertionError as e:
            failed += 1
            print(f"not ok {i} - {fault.name}: " + str(e).replace("\n", "\n# "), flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {i} - {fault.name}", flush=True)
    print(f"1..{len(wanted)}")
    if not args.dumps:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

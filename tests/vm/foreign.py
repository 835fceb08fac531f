#!/usr/bin/env python3
"""foreign.py --build DIR NAME: a guest of another architecture or MMU mode, dumped by QEMU
itself, as TAP. The dump is an ELF of QEMU's own making: another writer than the kernel or us.
What is left (console, dumps) is in BUILD/vm/NAME."""
import argparse
import json
import re
import shutil
import socket
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checks
import debian
import lab

HERE = Path(__file__).resolve().parent
ARM64 = ["qemu-system-aarch64", "-machine", "virt"]
I386 = ["qemu-system-i386", "-machine", "pc"]
PPC64 = ["qemu-system-ppc64", "-machine", "pseries,x-vof=on"]
ARM = ["qemu-system-arm", "-machine", "virt"]
VMCOREINFO = ["-device", "vmcoreinfo"]


@dataclass
class Guest:
    name: str
    kernel: str
    qemu: list
    cpu: str
    console: str
    ram_mb: int = 512
    extra: list = field(default_factory=lambda: list(VMCOREINFO))
    append: str = ""
    # user-mode QEMU for that architecture's own makedumpfile (1.7.2, which knows 6.1). i386's
    # and arm's need virtual addresses in the dump's headers, which QEMU does not write.
    oracle: str = ""
    limit: int = 400
    tier: str = "long"


GUESTS = [
    Guest("arm64-6.1", "arm64-6.1", ARM64, "cortex-a57", "ttyAMA0", tier="check"),
    Guest("arm64-6.1-oracle", "arm64-6.1", ARM64, "cortex-a57", "ttyAMA0", oracle="qemu-aarch64"),
    # configured for 52 bits: this CPU has 48, the next one 52 (LPA2)
    Guest("arm64-6.12-48", "arm64-6.12", ARM64, "cortex-a57", "ttyAMA0"),
    Guest("arm64-6.12-52", "arm64-6.12", ARM64, "max,pauth-impdef=on", "ttyAMA0"),
    Guest("arm64-6.12-16k", "arm64-6.12-16k", ARM64, "max,pauth-impdef=on,lpa2=off", "ttyAMA0"),
    Guest("arm64-6.12-16k-52", "arm64-6.12-16k", ARM64, "max,pauth-impdef=on", "ttyAMA0"),
    Guest("arm64-7", "arm64-7", ARM64, "cortex-a57", "ttyAMA0"),
    Guest("i386-6.1-pae", "686", I386, "qemu32", "ttyS0", ram_mb=1100),
    Guest("i386-6.1", "686-no-pae", I386, "qemu32", "ttyS0", ram_mb=1100),
    # no firmware table of notes on these machines: VMCOREINFO has to be found in memory
    Guest("ppc64le-6.1", "ppc64le-6.1", PPC64, "power9", "hvc0", ram_mb=1024, extra=[],
          oracle="qemu-ppc64le"),
    Guest("ppc64le-6.1-hash", "ppc64le-6.1", PPC64, "power9", "hvc0", ram_mb=1024, extra=[],
          append="disable_radix", oracle="qemu-ppc64le"),
    Guest("ppc64le-6.12", "ppc64le-6.12", PPC64, "power9", "hvc0", ram_mb=1024, extra=[]),
    Guest("ppc64le-6.12-hash", "ppc64le-6.12", PPC64, "power9", "hvc0", ram_mb=1024, extra=[],
          append="disable_radix"),
    Guest("ppc64le-6.12-64k", "ppc64le-6.12-64k", PPC64, "power9", "hvc0", ram_mb=1024, extra=[]),
    Guest("armhf-6.1", "armhf-6.1", ARM, "cortex-a15", "ttyAMA0"),
    Guest("armhf-6.1-lpae", "armhf-6.1-lpae", ARM, "cortex-a15", "ttyAMA0"),
    Guest("riscv64-7", "riscv64-7", ["qemu-system-riscv64", "-machine", "virt"], "rv64", "ttyS0", extra=[]),
    Guest("s390x-6.1", "s390x-6.1", ["qemu-system-s390x", "-machine", "s390-ccw-virtio"], "max",
          "ttysclp0", extra=[], oracle="qemu-s390x"),
]


def fetch(guest):
    """What its machine needs, so that the test itself only runs it: kernel and busybox."""
    kernel = debian.Kernel(guest.kernel)
    suite, _, arch = kernel.suite.partition(":")
    if suite == "sid":
        return kernel, debian.foreign_file(kernel.suite, "busybox-static", "usr/bin/busybox")
    return kernel, debian.foreign_file(f"bookworm:{arch}", "busybox-static", "bin/busybox")


def make_initramfs(kernel, busybox, work):
    root = work / "initramfs"
    (root / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy(busybox, root / "bin/busybox")
    shutil.copy(HERE / "guest/foreign-init", root / "init")
    lab.add_modules(kernel, root, "qemu_fw_cfg")
    out = lab.pack_initramfs(root, work / "initramfs.gz")
    shutil.rmtree(root)
    return out


def dump_memory(path, to):
    """Stops the guest, has QEMU dump it, and ends it."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(120)
        s.connect(str(path))
        f = s.makefile("rw")
        f.readline()
        for command, arguments in (("qmp_capabilities", {}), ("stop", {}),
                                   ("dump-guest-memory", {"paging": False, "protocol": f"file:{to}"}),
                                   ("quit", {})):
            f.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            f.flush()
            while True:
                answer = json.loads(f.readline())
                if "return" in answer:
                    break
                if "error" in answer:
                    raise SystemExit(f"{command}: {answer['error']['desc']}")


class Outcome:
    def __init__(self, guest, build):
        self.guest, self.build, self.counts = guest, build, {}
        self.work = build / "vm" / guest.name
        self.full, self.filtered = self.work / "full", self.work / "filtered"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.kernel, busybox = fetch(guest)
        initrd = make_initramfs(self.kernel, busybox, self.work)
        monitor = self.work / "qmp"
        console = (["-chardev", "stdio,id=c", "-device", "sclpconsole,chardev=c"]
                   if "s390x" in guest.kernel else ["-serial", "stdio"])
        argv = ["timeout", "-k", "5", str(guest.limit + 30), *guest.qemu, "-accel", "tcg", "-cpu",
                guest.cpu, "-m", str(guest.ram_mb), "-nographic", "-vga", "none", "-nodefaults",
                "-net", "none", *console, "-qmp", f"unix:{monitor},server=on,wait=off",
                "-kernel", str(self.kernel.image), "-initrd", str(initrd), "-append",
                f"console={guest.console} ignore_loglevel panic=-1 {guest.append}", *guest.extra]
        self.run = lab.watch(argv, guest.limit, self.work / "console", echo=lambda when, line: (
            dump_memory(monitor, self.full) if line.endswith("VM: dump me") else None))

    def program(self, name):
        return str(self.build / "bin" / name)

    def told(self, name):
        m = re.search(rf"VM: {name} (\d+)", self.run.console)
        assert m, f"the guest printed no {name}"
        return int(m[1])


def dumped(o):
    assert o.full.exists() and o.run.status == 0, f"no dump: QEMU ended with {o.run.status}"
    return f"{o.full.stat().st_size >> 20} MiB after {o.run.when('VM: dump me'):.0f} s"


def log(o):
    """The kernel's log, out of the dump, is what it said on the console."""
    text = checks.call(o.program("vmcore-dmesg"), o.full).stdout.decode(errors="replace")
    saved = [checks.without_caller(l) for l in text.splitlines()]
    # firmware may leave the cursor in the middle of a line
    said = [m[0] for m in (re.search(r"\[ *\d+\.\d{6}\] .*", l) for l in o.run.lines) if m]
    assert f"Linux version {o.kernel.release}" in text, "no banner in the log"
    missing = [l for l in said if l not in set(saved)]
    assert not missing, f"on the console but not in the log: {missing[:3]}"
    unsaid = [l for l in saved if re.match(r"\[ *\d+\.\d{6}\] ", l) and l not in set(said)]
    assert not unsaid, f"in the log but not on the console: {unsaid[:3]}"
    return f"{len(said)} lines"


def filters(o):
    """-d 31 leaves out only pages whose class the level names, and changes none."""
    checks.call(o.program("makedumpfile"), "-l", "-d", "31", o.full, o.filtered)
    text = checks.call(o.build / "tests/make/pagecmp", o.full, o.filtered).stdout.decode()
    o.counts = {k: int(v) for k, v in re.findall(r"^(\w+)[: ]+(\d+)$", text, re.M)}
    left = o.counts["excluded"]
    assert left > 2 * o.counts["identical"], text
    return f"{o.counts['identical']} kept, {left} left out"


def classes(o):
    """As many pages of each class as the kernel itself counted just before."""
    free = sum(int(n) << order for l in re.findall(r"VM: buddy Node.*zone +\w+ +(.*)", o.run.console)
               for order, n in enumerate(l.split()))
    want = {"free": free, "user": o.told("nr_anon_pages"), "cache": o.told("nr_file_pages")}
    got = {"free": o.counts.get("excluded_free", 0), "user": o.counts.get("excluded_user", 0),
           "cache": o.counts.get("excluded_cache", 0) + o.counts.get("excluded_private_cache", 0)}
    for name, n in want.items():
        assert abs(got[name] - n) <= max(n // 50, 64), f"{name}: {got[name]}, the kernel counted {n}; {got}"
    return ", ".join(f"{n} {got[n]} (kernel {want[n]})" for n in want)


def oracle(o):
    """makedumpfile of that architecture reads what ours writes, and keeps the same number."""
    if not o.guest.oracle:
        raise checks.Skip("no makedumpfile of that architecture reads such a dump")
    theirs = debian.foreign_tool(f"bookworm:{o.kernel.suite.partition(':')[2]}", "makedumpfile",
                                 "usr/bin/makedumpfile", o.guest.oracle)
    whole, out = o.work / "whole", o.work / "theirs"
    checks.call(o.program("makedumpfile"), "-l", "-d", "0", o.full, whole)
    p = checks.call(*theirs, "-l", "-d", "31", "--message-level", "31", whole, out)
    text = (p.stdout + p.stderr).decode(errors="replace")
    kept = int(re.search(r"Remaining pages\s*:\s*0x([0-9a-f]+)", text)[1], 16)
    whole.unlink()
    out.unlink()
    assert abs(o.counts["identical"] - kept) <= kept // 1000, (
        f"we kept {o.counts['identical']}, makedumpfile {kept}: {text}")
    return f"{o.counts['identical']} kept, makedumpfile {kept}"


CHECKS = [dumped, log, filters, classes, oracle]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--keep", action="store_true", help="leave the dumps")
    ap.add_argument("name")
    args = ap.parse_args()
    guest = next((g for g in GUESTS if g.name == args.name), None)
    if not guest:
        sys.exit(f"no guest {args.name}; there are: " + " ".join(g.name for g in GUESTS))
    o = Outcome(guest, Path(args.build).resolve())
    failed = 0
    for n, check in enumerate(CHECKS, 1):
        name = f"{guest.name}: {check.__name__}"
        try:
            print(f"ok {n} - {name} {check(o)}", flush=True)
        except checks.Skip as e:
            print(f"ok {n} - {name} # SKIP {e}", flush=True)
        except Exception as e:
            failed += 1
            if not isinstance(e, AssertionError):
                traceback.print_exc(file=sys.stdout)
            print(f"not ok {n} - {name}: {e}", flush=True)
    print(f"1..{len(CHECKS)}")
    if failed:
        print("\n".join("# " + l for l in o.run.lines[-60:]))
    elif not args.keep:
        for path in (o.full, o.filtered):
            path.unlink(missing_ok=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

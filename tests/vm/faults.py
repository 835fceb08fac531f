#!/usr/bin/env python3
"""faults.py --build DIR NAME: one machine that crashes once for each fault of a list, as TAP.

Every fault spoils something of the capture: the target, the collector, a program of the site, the
plan, the image, the memory, the clock. What must hold in each: the configured action comes within
its time, counted from the panic, and the dead kernel's log and a report are found afterwards wherever
anything could be written. The production system boots once, up to where a fault can be laid, and is
kept as a snapshot; each fault starts from it, so that it costs one boot, the capture's, and none can
hang on what the one before left behind. Only the console and the disks are read."""
import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import debian
import lab

CONF = "ext4 /dev/vdb\npath /dumps\nextra_bins /bin/busybox\ndracut_args --no-compress\n"
OURS = "core_collector makedumpfile -l --message-level 31 -d 31\n"
FOREIGN = "core_collector /usr/sbin/collector\n"
BOOT_S = 240  # from the panic until PID 1 has the plan, at most: a loaded host under TCG
GREETING = "salvage: capture of the crashed kernel"
ENDS = {"reboot": r"reboot: Restarting system", "halt": r"reboot: System halted",
        "poweroff": r"reboot: Power down", "panic": r"Rebooting in \d+ seconds",
        "shell": r"salvage: a shell on the console", "dog": r"watchdog: .*[Ii]nitiating|softdog: Initiating"}


@dataclass
class Fault:
    """`conf` is added to CONF; `arrange` runs before the service starts, `before` after it. `action` is
    how the capture has to end, `within` seconds after PID 1 has its plan (where it gets one); `log` where log and report must be, "" for
    nowhere; `dump` where a whole dump is."""
    name: str
    conf: str = OURS
    arrange: str = ""
    before: str = ""
    action: str = "reboot"
    within: int = 60
    log: str = "/target/dumps"
    dump: str = ""
    says: list = field(default_factory=list)
    never: list = field(default_factory=list)  # must not be on the disk
    more: list = field(default_factory=list)   # must be


def script(path, text):
    return f"program {path} <<'X'\n{text}\nX\n"


def collector(text):
    return script("/usr/sbin/collector", text)


GONE = "umount /target; dd if=/dev/zero of=/dev/vdb bs=1M count=8 2>/dev/null; sync\n"
ROOT = "/var/crash"
FILL = "dd if=/dev/zero of=/target/fill bs=64k count={} 2>/dev/null; sync; df -k /target\n"
PLAN = "cpio -i --to-stdout etc/salvage.plan <$image 2>/dev/null"

TARGETS = [
    Fault("nothing-is-wrong", dump="/target/dumps", says=["bytes were read back from the disk", "saved vmcore-dmesg"],
          more=["kexec-dmesg.log", "report.json"]),
    Fault("target-absent", OURS + "time_limits device=5\n", before=GONE, log=ROOT,
          says=["no such block device", "kept at a second place: rootfs"]),
    Fault("target-unmountable", before="umount /target; dd if=/dev/zero of=/dev/vdb bs=4k seek=1 count=8 conv=notrunc 2>/dev/null; sync\n",
          log=ROOT, says=["cannot mount as ext4"]),
    Fault("no-space-for-the-dump", before=FILL.format("$((($(stat -f -c %f /target) * $(stat -f -c %S /target) >> 16) - 200))"),
          says=["No space left|is not whole|failed with status"], never=["/vmcore "], within=90),
    Fault("no-space-at-all", before="i=0; while [ $i -lt 20 ]; do dd if=/dev/zero of=/target/fill$i bs=1M 2>/dev/null; "
          "dd if=/dev/zero of=/target/small$i bs=1k 2>/dev/null; i=$((i+1)); done; "
          "i=0; while echo x >/target/dumps/$i 2>/dev/null; do i=$((i+1)); done; sync; df -k /target\n",
          log="any", within=90),
    Fault("read-only", OURS + "kdump_pre /usr/sbin/hook-pre\n",
          script("/usr/sbin/hook-pre", "busybox mount -o remount,ro $KDUMP_TARGET"), log=ROOT,
          says=["Read-only file system", "second place: rootfs"]),
    Fault("device-hangs", OURS + "kdump_pre /usr/sbin/hook-pre\ntime_limits mount=5 sync=5\n",
          script("/usr/sbin/hook-pre", "busybox fsfreeze --freeze $KDUMP_TARGET"), log=ROOT,
          says=['step "mount" did not end in time']),
    Fault("device-hangs-in-the-dump", FOREIGN + "time_limits stall=5 sync=5\n",
          collector("busybox fsfreeze --freeze $KDUMP_TARGET\necho x >$2"), says=["nothing has moved for 5 s"],
          never=["/vmcore "], within=75),
    Fault("older-dumps-make-room", OURS + "keep_dumps 2\n",
          "for i in 1 2 3; do d=/target/dumps/127.0.0.1-2020-01-0$i-00:00:00; mkdir -p $d; "
          "dd if=/dev/zero of=$d/vmcore bs=1M count=120 2>/dev/null; done; mkdir /target/dumps/mine; echo x >/target/dumps/mine/vmcore\n",
          dump="/target/dumps", says=["removed the older dump 127.0.0.1-2020-01-02"],
          never=["2020-01-01", "2020-01-02"], more=["2020-01-03-00:00:00/vmcore", "/mine/vmcore"]),
    Fault("dump-to-rootfs", OURS + "failure_action dump_to_rootfs\ntime_limits device=5\n", before=GONE, log="/dumps",
          dump="/dumps", says=["saved on the root file system"], within=90),
    Fault("halt", OURS + "failure_action halt\ntime_limits device=5\n", before=GONE, log=ROOT, action="halt"),
    Fault("poweroff", OURS + "failure_action poweroff\ntime_limits device=5\n", before=GONE, log=ROOT, action="poweroff"),
    Fault("shell", OURS + "failure_action shell\ntime_limits device=5\n", before=GONE, log=ROOT, action="shell"),
    Fault("final-halt", OURS + "final_action halt\n", action="halt", dump="/target/dumps"),
]

PROGRAMS = [
    Fault("collector-killed", FOREIGN, collector("echo part >$2\nkill -9 $$"), says=["ended by signal 9"],
          more=["vmcore-incomplete"], never=["/vmcore "]),
    Fault("collector-fails", FOREIGN, collector("exit 7"), says=["failed with status 7"], never=["/vmcore "]),
    Fault("collector-writes-nothing", FOREIGN, collector("exit 0"), says=["left it empty"], never=["vmcore-incomplete", "/vmcore "]),
    Fault("collector-spins", FOREIGN + "time_limits collector=5\n", collector("while :; do :; done"),
          says=["did not end within 5 s"], never=["/vmcore "]),
    Fault("collector-sleeps", FOREIGN + "time_limits stall=5\n", collector("busybox sleep 1000"),
          says=["nothing has moved for 5 s"], never=["/vmcore "], within=75),
    Fault("out-of-memory", FOREIGN, collector("busybox tail /dev/zero"), says=["ended by signal 9|failed with status"],
          never=["/vmcore "], within=90),
    Fault("panic-in-the-collector", FOREIGN, collector("echo c >/proc/sysrq-trigger"), action="panic", never=["/vmcore "]),
    Fault("panic-before-anything", OURS + "kdump_pre /usr/sbin/hook-pre\n",
          script("/usr/sbin/hook-pre", "echo c >/proc/sysrq-trigger"), action="panic", log=""),
    Fault("veto", OURS + "kdump_pre /usr/sbin/hook-pre\nfinal_action poweroff\nfailure_action halt\n",
          script("/usr/sbin/hook-pre", "exit 1"), action="poweroff", log="", says=["there shall be no dump"]),
    Fault("pre-hangs", OURS + "kdump_pre /usr/sbin/hook-pre\ntime_limits hook=5\nfailure_action halt\n",
          script("/usr/sbin/hook-pre", "busybox sleep 1000"), log="", says=["there shall be no dump"]),
    Fault("folder-hooks-hang-and-fail", OURS + "kdump_post /usr/sbin/hook-post\ntime_limits hook=4\n",
          script("/etc/kdump/pre.d/1", "busybox sleep 1000") + script("/etc/kdump/pre.d/2", "exit 9")
          + script("/etc/kdump/post.d/1", "busybox sleep 1000")
          + script("/usr/sbin/hook-post", "echo $1 $KDUMP_HOOK >$KDUMP_FOLDER/vmcore-note"),
          dump="/target/dumps", more=["vmcore-note 7"]),
    Fault("emergency-hangs", FOREIGN + "kdump_emergency /usr/sbin/hook-emergency\ntime_limits hook=5\nfailure_action poweroff\n",
          collector("exit 1") + script("/usr/sbin/hook-emergency", "busybox sleep 1000"), action="poweroff",
          says=["running /usr/sbin/hook-emergency"]),
    Fault("plan-corrupted", before=PLAN + " | sed 's/^target fs/target moon/' | alter\n", log="", says=["no kind of target"]),
    Fault("plan-cut-off", before=PLAN + " | head -c 40 | alter\n", log=""),
    Fault("image-cut-off", before="head -c 1500000 $image >/tmp/part && mv /tmp/part $image && load\n", log="", action="panic"),
    Fault("module-missing", before=PLAN + " | sed 's,^target fs,module! /no/such.ko\\n&,' | alter\n", log=ROOT,
          says=["/no/such.ko: cannot open"]),
    Fault("pid-1-is-starved", FOREIGN, collector("echo -1 >/proc/sys/kernel/sched_rt_runtime_us\n"
          "busybox chrt -f 99 busybox sh -c 'while :; do :; done'"), action="dog", within=150, never=["/vmcore "]),
    Fault("clock-at-1970", before="date -s '2031-02-03 04:05:06'\n", dump="/target/dumps",
          says=["named after the time of the crash"], more=["127.0.0.1-2031-02-03-04:05:"]),
    Fault("clock-at-1970-everywhere", OURS + "dump_naming host-time\n", dump="/target/dumps", more=["guest-1970-01-0"]),
]

GUESTS = {"faults-target": TARGETS, "faults-programs": PROGRAMS}
REPRESENTATIVE = ["target-absent", "veto", "collector-sleeps"]
GUESTS["faults"] = [next(f for f in TARGETS + PROGRAMS if f.name == name) for name in REPRESENTATIVE]


def guest_text(f):
    text = (f"NAME={f.name}\nconf() {{\ncat <<'X'\n{CONF}{f.conf}X\n}}\n"
            f"arrange() {{\n{f.arrange}:\n}}\nbefore_crash() {{\n{f.before}:\n}}\n# end of the fault\n")
    assert len(text) < 16384
    return text.encode().ljust(16384, b"\n")


class Machine:
    """Disks that hold the snapshot, and QEMU on them."""

    def __init__(self, name, kernel, build):
        self.kernel, self.build, self.work = kernel, build, build / "vm" / name
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.initrd = lab.production_initramfs(kernel, self.work)
        self.make_disks()

    def make_disks(self):
        tree, kernel = self.work / "root", self.kernel
        shutil.copytree(lab.base_root(kernel, self.build), tree, symlinks=True,
                        copy_function=lambda a, b: Path(b).hardlink_to(a))
        (tree / "etc/faults").write_text("")
        (tree / "etc/sysconfig").mkdir()
        (tree / "etc/sysconfig/kdump").write_text("")
        (tree / "etc/scenario").write_text("")
        (tree / "etc/fstab").unlink()
        (tree / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n/dev/vdb /target ext4 defaults 0 2\n")
        lab.make_ext4(self.work / "root.img", 400, tree=tree)
        shutil.rmtree(tree)
        lab.make_ext4(self.work / "target.img", 400, label=lab.TARGET_LABEL, uuid=lab.TARGET_UUID)
        for disk in ("root", "target"):
            lab.sh("qemu-img", "convert", "-f", "raw", "-O", "qcow2", self.work / f"{disk}.img", self.work / f"{disk}.qcow2")
        (self.work / "fault.img").write_bytes(b"\n" * 16384)

    def argv(self):
        argv = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-m", "512", "-nographic",
                "-vga", "none", "-nodefaults", "-net", "none", "-serial", "stdio", "-kernel", str(self.kernel.image),
                "-initrd", str(self.initrd), "-append", "console=ttyS0 crashkernel=160M panic=5 no_timer_check",
                "-rtc", "base=1970-01-02T00:00:00", "-no-reboot",
                "-qmp", f"unix:{self.work}/qmp,server=on,wait=off"]
        for i, (disk, how) in enumerate((("root.qcow2", "format=qcow2,cache=unsafe"),
                                         ("target.qcow2", "format=qcow2,cache=unsafe"),
                                         ("fault.img", "format=raw,readonly=on"))):
            argv += ["-drive", f"file={self.work / disk},if=none,id=d{i},{how}", "-device", f"virtio-blk-pci,drive=d{i}"]
        return argv

    def ask(self, command):
        """One line to QEMU's monitor."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(120)
            s.connect(str(self.work / "qmp"))
            f = s.makefile("rw")
            f.readline()
            for what in ({"execute": "qmp_capabilities"},
                         {"execute": "human-monitor-command", "arguments": {"command-line": command}}):
                f.write(json.dumps(what) + "\n")
                f.flush()
                while "return" not in (answer := json.loads(f.readline())):
                    assert "error" not in answer, answer
        return answer["return"]

    def take_snapshot(self):
        def ready(when, line):
            if "VM: ready for faults" in line:
                threading.Thread(target=self.save).start()
        run = lab.watch(["timeout", "-k", "5", "500", *self.argv()], 480, self.work / "console-start", echo=ready)
        assert "VM: ready for faults" in run.console, "\n".join(run.lines[-20:])
        assert self.saved == "", self.saved

    def save(self):
        self.saved = self.ask("savevm ready").strip()
        self.ask("quit") if self.saved == "" else None

    def run(self, f, limit):
        (self.work / "fault.img").write_bytes(guest_text(f))
        return lab.watch(["timeout", "-k", "5", str(limit + 30), *self.argv(), "-loadvm", "ready"], limit,
                         self.work / f"console-{f.name}", stop=ENDS["halt"] + "|" + ENDS["shell"])

    def found(self, name):
        """{path: bytes or size} of what is on the disks."""
        out = self.work / "found"
        shutil.rmtree(out, ignore_errors=True)
        files = {}
        for disk, folders in (("root", ["/var/crash", "/dumps"]), ("target", ["/dumps"])):
            lab.sh("qemu-img", "convert", "-f", "qcow2", "-O", "raw", self.work / f"{disk}.qcow2", self.work / f"{disk}.img")
            subprocess.run(["e2fsck", "-fy", self.work / f"{disk}.img"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for folder in folders:
                to = out / disk / folder.lstrip("/")
                to.parent.mkdir(parents=True, exist_ok=True)
                lab.sh("debugfs", "-R", f"rdump {folder} {to.parent}", self.work / f"{disk}.img", check=False)
        for p in sorted(out.rglob("*")):
            if p.is_file():
                top, rest = p.relative_to(out).parts[0], "/".join(p.relative_to(out).parts[1:])
                files[("/target/" if top == "target" else "/") + rest] = p
        return files


def check(f, machine, run):
    start = next((i for i, l in enumerate(run.lines) if "VM: crash now" in l), None)
    assert start is not None, "it did not come to a crash:\n" + "\n".join(run.lines[-20:])
    assert "VM: loaded 1" in run.console, "nothing is loaded:\n" + "\n".join(run.lines[-20:])
    lines, times = run.lines[start:], run.times[start:]
    text = "\n".join(lines)
    ends = [i for i, l in enumerate(lines) if re.search(ENDS[f.action], l)]
    if f.action == "panic":  # the crashed kernel's own panic is the first
        ends = [i for i, l in enumerate(lines) if "Kernel panic" in l][1:]
    assert ends, f"no {f.action}; the last lines are\n" + "\n".join(lines[-25:])
    greeting = next((i for i, l in enumerate(lines) if GREETING in l), None)
    booted = times[0 if greeting is None else greeting] - times[0]
    allowed = f.within + (BOOT_S if greeting is None else 0)
    took = times[ends[-1]] - times[0] - booted
    assert took <= allowed, f"{f.action} after {took:.0f} s; {allowed} are allowed"
    if f.action in ("reboot", "poweroff", "panic", "dog"):
        assert run.status == 0, f"the machine did not end by itself: {run.status}"
    for words in f.says:
        assert re.search(words, text), f"\"{words}\" is not said:\n" + "\n".join(l for l in lines if "salvage" in l)
    files = machine.found(f.name)
    listing = "\n".join(f"{name} {path.stat().st_size}" for name, path in files.items())

    def of(name, below):
        return [p for n, p in files.items() if n.endswith("/" + name) and any(n.startswith(b + "/") for b in below)]
    if f.log:
        places = ["/target/dumps", ROOT] if f.log == "any" else [f.log]
        logs = of("vmcore-dmesg.txt", places)
        assert logs and "sysrq: Trigger a crash" in logs[-1].read_text(errors="replace"), \
            f"the dead kernel's log is not below {f.log}:\n{listing}"
        reports = of("report.txt", places)
        assert reports and "sysrq" in reports[-1].read_text(errors="replace"), f"no report below {f.log}:\n{listing}"
    dumps = [p for p in of("vmcore", ["/target/dumps", "/dumps"]) if p.stat().st_size > 100000 and "2020-01" not in str(p)]
    if f.dump:
        assert len(dumps) == 1 and str(dumps[0]).find(f.dump) > 0, f"no whole dump below {f.dump}:\n{listing}"
        p = subprocess.run([machine.build / "bin/salvage", "verify", "--quiet", dumps[0]], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        assert p.returncode == 0, p.stdout.decode(errors="replace")
    else:
        assert not dumps, listing
    for word in f.never:
        assert word not in listing, f"{word} should not be there:\n{listing}"
    for word in f.more:
        assert word in listing, f"{word} is missing:\n{listing}"
    return f"{f.action} {took:.0f} s after " + ("the panic" if greeting is None else "PID 1 began")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--only", help="these faults, with commas between")
    ap.add_argument("name", choices=GUESTS)
    args = ap.parse_args()
    build = Path(args.build).resolve()
    faults = [f for f in GUESTS[args.name] if not args.only or f.name in args.only.split(",")]
    machine = Machine(args.name, debian.Kernel("6.1"), build)
    machine.take_snapshot()
    failed = 0
    for n, f in enumerate(faults, 1):
        try:
            words = check(f, machine, machine.run(f, 60 + BOOT_S + f.within))
            print(f"ok {n} - {args.name}: {f.name} {words}", flush=True)
        except AssertionError as e:
            failed += 1
            print(f"not ok {n} - {args.name}: {f.name}: {e}".replace("\n", "\n# "), flush=True)
    print(f"1..{len(faults)}")
    for disk in [*machine.work.glob("*.img"), *machine.work.glob("*.qcow2")]:
        disk.unlink()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""faults.py --build DIR NAME: one guest that crashes once for each fault of a list, as TAP.

Every fault spoils something of the capture: the target, the collector, a program of the site, the
plan, the image, the memory, the clock. What must hold in each: the configured action comes within
its time, counted from the panic, and the dead kernel's log and a report are found afterwards wherever
anything could be written. One production boot arms, breaks and crashes; the boot that the capture
ends in says what was saved and goes on. A machine that is powered off or halted is started again.
Only the console is read."""
import argparse
import re
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import debian
import lab

CONF = "ext4 /dev/vdb\npath /dumps\nextra_bins /bin/busybox\n"
OURS = "core_collector makedumpfile -l --message-level 31 -d 31\n"
FOREIGN = "core_collector /usr/sbin/collector\n"
BOOT_S = 60  # from the panic until PID 1 has the plan: a loaded host under TCG
ENDS = {"reboot": r"reboot: Restarting system|sysrq: Resetting", "halt": r"reboot: System halted",
        "poweroff": r"reboot: Power down", "panic": r"Rebooting in \d+ seconds",
        "shell": r"salvage: a shell on the console", "dog": r"watchdog: .*[Ii]nitiating|softdog: Initiating"}


@dataclass
class Fault:
    """`conf` is added to CONF; `arrange` runs before the service starts, `before` after it. `action` is
    how the capture has to end, `within` seconds after BOOT_S; `log` where log and report must be, "" for
    nowhere; `dump` where a whole dump is."""
    name: str
    conf: str = OURS
    arrange: str = ""
    before: str = ""
    action: str = "reboot"
    within: int = 30
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
    Fault("no-space-for-the-dump", before=FILL.format("$((($(stat -f -c %f /target) * $(stat -f -c %S /target) >> 16) - 60))"),
          says=["No space left|is not whole|failed with status"], never=["/vmcore "], within=60),
    Fault("no-space-at-all", before="i=0; while [ $i -lt 20 ]; do dd if=/dev/zero of=/target/fill$i bs=1M 2>/dev/null; "
          "dd if=/dev/zero of=/target/small$i bs=1k 2>/dev/null; i=$((i+1)); done; "
          "i=0; while echo x >/target/dumps/$i 2>/dev/null; do i=$((i+1)); done; sync; df -k /target\n",
          log="any", within=60),
    Fault("read-only", OURS + "kdump_pre /usr/sbin/hook-pre\n",
          script("/usr/sbin/hook-pre", "busybox mount -o remount,ro $KDUMP_TARGET"), log=ROOT,
          says=["Read-only file system", "second place: rootfs"]),
    Fault("device-hangs", OURS + "kdump_pre /usr/sbin/hook-pre\ntime_limits mount=5 sync=5\n",
          script("/usr/sbin/hook-pre", "busybox fsfreeze --freeze $KDUMP_TARGET"), log=ROOT,
          says=['step "mount" did not end in time']),
    Fault("device-hangs-in-the-dump", FOREIGN + "time_limits stall=5 sync=5\n",
          collector("busybox fsfreeze --freeze $KDUMP_TARGET\necho x >$2"), says=["nothing has moved for 5 s"],
          never=["/vmcore "], within=45),
    Fault("older-dumps-make-room", OURS + "keep_dumps 2\n",
          "for i in 1 2 3; do d=/target/dumps/127.0.0.1-2020-01-0$i-00:00:00; mkdir -p $d; "
          "dd if=/dev/zero of=$d/vmcore bs=1M count=240 2>/dev/null; done; mkdir /target/dumps/mine; echo x >/target/dumps/mine/vmcore\n",
          dump="/target/dumps", says=["removed the older dump 127.0.0.1-2020-01-02"],
          never=["2020-01-01", "2020-01-02"], more=["2020-01-03-00:00:00/vmcore", "/mine/vmcore"]),
    Fault("dump-to-rootfs", OURS + "failure_action dump_to_rootfs\ntime_limits device=5\n", before=GONE, log="/dumps",
          dump="/dumps", says=["saved on the root file system"], within=60),
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
          says=["nothing has moved for 5 s"], never=["/vmcore "], within=45),
    Fault("out-of-memory", FOREIGN, collector("busybox tail /dev/zero"), says=["ended by signal 9|failed with status"],
          never=["/vmcore "], within=60),
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
          "busybox chrt -f 99 busybox sh -c 'while :; do :; done'"), action="dog", within=100, never=["/vmcore "]),
    Fault("clock-at-1970", before="date -s '2031-02-03 04:05:06'\n", dump="/target/dumps",
          says=["named after the time of the crash"], more=["127.0.0.1-2031-02-03-04:05:"]),
    Fault("clock-at-1970-everywhere", OURS + "dump_naming host-time\n", dump="/target/dumps", more=["guest-1970-01-0"]),
]

GUESTS = {"faults-target": TARGETS, "faults-programs": PROGRAMS}
REPRESENTATIVE = ["target-absent", "veto", "collector-sleeps"]
GUESTS["faults"] = [next(f for f in TARGETS + PROGRAMS if f.name == name) for name in REPRESENTATIVE]


def guest_text(f):
    return (f"NAME={f.name}\nconf() {{\ncat <<'X'\n{CONF}dracut_args --no-compress\n{f.conf}X\n}}\n"
            f"arrange() {{\n{f.arrange}:\n}}\nbefore_crash() {{\n{f.before}:\n}}\n")


def make_disks(faults, kernel, build, work):
    tree = work / "root"
    shutil.copytree(lab.base_root(kernel, build), tree, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a))
    (tree / "etc/faults").mkdir()
    for i, f in enumerate(faults, 1):
        (tree / "etc/faults" / str(i)).write_text(guest_text(f))
    (tree / "etc/sysconfig").mkdir()
    (tree / "etc/sysconfig/kdump").write_text("")
    (tree / "etc/scenario").write_text("")
    (tree / "etc/fstab").unlink()
    (tree / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n/dev/vdb /target ext4 defaults 0 2\n")
    lab.copy_program("/sbin/mke2fs", tree)
    lab.make_ext4(work / "root.img", 500, tree=tree)
    shutil.rmtree(tree)
    with open(work / "target.img", "wb") as f:
        f.truncate(800 << 20)


class Story:
    """The console of all boots, one after the other."""

    def __init__(self):
        self.lines, self.times = [], []

    def add(self, run, offset):
        self.lines += run.lines
        self.times += [t + offset for t in run.times]

    def of(self, n):
        """Lines and times from fault n's crash to its end, and what the next boot says of it."""
        start = next((i for i, l in enumerate(self.lines) if f"VM: fault {n} crash now" in l), None)
        if start is None:
            return None, None, []
        end = next((i for i in range(start, len(self.lines)) if "VM: boot " in self.lines[i]), len(self.lines))
        return self.lines[start:end], self.times[start:end], [l.split(f"VM: fault {n} ", 1)[1] for l in self.lines
                                                              if f"VM: fault {n} " in l]


def play(faults, kernel, work, initrd, limit, rtc):
    """Boots until all faults are through; a machine that stays down is started again."""
    story = Story()
    began = time.monotonic()
    stop = "|".join(["VM: all faults done", ENDS["halt"], ENDS["shell"]])
    for boot in range(len(faults) + 2):
        left = limit - (time.monotonic() - began)
        if left <= 0:
            break
        run = lab.qemu(kernel.image, initrd, "console=ttyS0 crashkernel=192M panic=5 no_timer_check",
                       [work / "root.img", work / "target.img"], ram_mb=512, limit=left,
                       log=work / f"console{boot}", work=work, stop=stop, extra=["-rtc", rtc])
        story.add(run, time.monotonic() - began - run.seconds)
        if any("VM: all faults done" in l for l in run.lines[-5:]) or not any("crash now" in l for l in run.lines):
            break
    return story


def check(f, n, story):
    lines, times, facts = story.of(n)
    assert lines, "it did not come to a crash"
    assert f"loaded 1" in facts, facts
    text = "\n".join(lines)
    at = next((i for i, l in enumerate(lines) if re.search(ENDS[f.action], l) and i > 0), None)
    assert at is not None, f"no {f.action}; the last lines are\n" + "\n".join(lines[-25:])
    if f.action == "panic":  # the crashed kernel's own panic is the first
        ends = [i for i, l in enumerate(lines) if "Kernel panic" in l]
        assert len(ends) >= 2, "the capture kernel did not panic"
        at = ends[-1]
    took = times[at] - times[0]
    assert took <= BOOT_S + f.within, f"{f.action} after {took:.0f} s; {BOOT_S + f.within} are allowed"
    for words in f.says:
        assert re.search(words, text), f"\"{words}\" is not said:\n" + "\n".join(l for l in lines if "salvage" in l)
    has = [l.split(" ", 1)[1] for l in facts if l.startswith("has ")]
    files = "\n".join(has)
    assert "back" in facts, "no boot after it"
    if f.log:
        places = {"any": ["/target/dumps", ROOT]}.get(f.log, [f.log])
        logs = [l for l in facts if l.startswith("log ") and any(p in l for p in places)]
        assert logs and logs[0].split()[-1] == "1", f"the dead kernel's log is not below {f.log}:\n{files}"
        assert any(re.search(r"report\.txt [1-9]", h) and any(h.startswith(p) for p in places) for h in has), \
            f"no report below {f.log}:\n{files}"
    dumps = [l for l in facts if l.startswith("dump ") and l.endswith(" 1")]
    if f.dump:
        assert any(f.dump in l for l in dumps), f"no whole dump below {f.dump}:\n{files}"
    else:
        assert not dumps, dumps
    for word in f.never:
        assert word not in files, f"{word} should not be there:\n{files}"
    for word in f.more:
        assert word in files, f"{word} is missing:\n{files}"
    return f"{f.action} after {took:.0f} s"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--only", help="these faults, with commas between")
    ap.add_argument("name", choices=GUESTS)
    args = ap.parse_args()
    build = Path(args.build).resolve()
    faults = [f for f in GUESTS[args.name] if not args.only or f.name in args.only.split(",")]
    kernel = debian.Kernel("6.1")
    work = build / "vm" / args.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    initrd = lab.production_initramfs(kernel, work)
    make_disks(faults, kernel, build, work)
    story = play(faults, kernel, work, initrd, 150 + 150 * len(faults), "base=1970-01-02T00:00:00")
    failed = 0
    for n, f in enumerate(faults, 1):
        try:
            words = check(f, n, story)
            print(f"ok {n} - {args.name}: {f.name} {words}", flush=True)
        except AssertionError as e:
            failed += 1
            print(f"not ok {n} - {args.name}: {f.name}: {e}".replace("\n", "\n# "), flush=True)
    print(f"1..{len(faults)}")
    if not failed:
        for disk in work.glob("*.img"):
            disk.unlink()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

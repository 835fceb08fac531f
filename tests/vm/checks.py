"""What must hold after a scenario. Each check takes an Outcome and asserts; it may return words
for the test line, or raise Skip with the reason. Only the guest's console and disks are read."""
import difflib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import debian
import servers
from scenarios import IDENTITY
from steps import arrived  # noqa: F401 (a check)

HERE = Path(__file__).resolve().parent
ORACLE = HERE.parent / "oracle"


class Skip(Exception):
    pass


@dataclass
class Outcome:
    scenario: object
    kernel: object
    run: object
    work: Path
    found: Path
    build: Path

    def folders(self, below="target"):
        base = self.found / below
        return sorted(p for p in base.rglob("*") if p.is_dir() and re.match(r"(\d+\.\d+\.\d+\.\d+|[0-9a-f:]+)-\d{4}-|kdump-test-", p.name))

    @property
    def folder(self):
        folders = self.folders()
        assert len(folders) == 1, f"one dump folder expected, found {[str(f) for f in folders]}"
        return folders[0]

    def program(self, name):
        return str(self.build / "bin" / name)


def call(*argv, ok=True, timeout=280):
    p = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=timeout)
    if ok:
        assert p.returncode == 0, (f"{' '.join(str(a) for a in argv)}: status {p.returncode}: "
                                   + (p.stderr + p.stdout)[-1500:].decode(errors="replace"))
    return p


def newest_makedumpfile():
    return debian.tool("sid", "makedumpfile", "makedumpfile")


def without_caller(line):
    """The console and the classic shell leave out who spoke."""
    return re.sub(r"^(\[ *\d+\.\d{6}\]) \[ *[TC]\d+\]", r"\1", line)


def dump_folder(o):
    """Exactly the promised files, private, and nothing half-made."""
    names = {p.name for p in o.folder.iterdir()}
    extra = {"vmcore-full"} if {"page_truth", "oracle_erase"} & set(o.scenario.checks) else set()
    wanted = {"vmcore", "vmcore-dmesg.txt", "report.txt", "report.json", "kexec-dmesg.log"}
    assert names == wanted | extra, f"found {sorted(names)}"
    for p in o.folder.iterdir():
        assert p.stat().st_size > 0, f"{p.name} is empty"
        assert p.stat().st_mode & 0o77 == 0, f"{p.name} has mode {p.stat().st_mode:o}"
    return f"{(o.folder / 'vmcore').stat().st_size >> 20} MiB in {o.run.seconds:.0f} s"


def ssh_folder(o):
    """The files of a dump that went through ssh; the stream is put in order for the other checks."""
    names = {p.name for p in o.folder.iterdir()}
    assert names == {"vmcore.flat", "vmcore-dmesg.txt", "report.txt", "report.json", "kexec-dmesg.log"}, f"found {sorted(names)}"
    for p in o.folder.iterdir():
        assert p.stat().st_size > 0, f"{p.name} is empty"
        assert p.stat().st_mode & 0o77 == 0, f"{p.name} has mode {p.stat().st_mode:o}"
    m = re.search(r"salvage: (\d+) bytes on the server, compared by digest", o.run.console)
    assert m and int(m[1]) == (o.folder / "vmcore.flat").stat().st_size, "the far side was not compared"
    p = subprocess.run([o.program("makedumpfile"), "-R", o.folder / "vmcore"],
                       stdin=open(o.folder / "vmcore.flat", "rb"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert p.returncode == 0, p.stdout[-500:]
    return f"{int(m[1]) >> 20} MiB in {o.run.seconds:.0f} s"


def network_image(o):
    """The folder is named after the address that the server sees; the image holds no more than promised."""
    assert o.folder.name.startswith(servers.KINDS[o.scenario.server].own + "-"), o.folder.name
    size = int(re.search(r"VM: capture image (\d+) bytes", o.run.console)[1])
    assert size <= 15 << 20, f"the image has {size} bytes"
    return f"{size / (1 << 20):.1f} MiB"


def nothing_on_server(o):
    """It was really tried, and no file went to a server that is not the one."""
    assert "ssh cannot log in" in o.run.console
    left = [p for p in (o.found / "target").rglob("*") if p.is_file()]
    assert not left, f"files on the server: {left}"


def lent_again(o):
    """The lease had run out: the address was asked for again, over the VLAN on the bond."""
    assert re.search(r"salvage: storage: 10\.0\.2\.\d+/24 lent by 10\.0\.2\.2", o.run.console), "no lease was taken"


def dmesg(o):
    """The saved log is the crashed kernel's: it ends in what the console showed."""
    text = (o.folder / "vmcore-dmesg.txt").read_text(errors="replace")
    assert f"Linux version {o.kernel.release}" in text
    word = "NULL pointer dereference" if o.scenario.crash == "oops" else "sysrq: Trigger a crash"
    assert word in text, f"no \"{word}\" in vmcore-dmesg.txt"
    if o.scenario.crash != "oops":  # an oops goes to the capture kernel before panic() speaks
        assert "Kernel panic - not syncing" in text
    # line by line against the console, from the crash on
    shown = [l for l in o.run.lines if re.match(r"\[ *\d+\.\d{6}\] ", l)]
    start = next(i for i, l in enumerate(shown) if word in l)
    saved = {without_caller(l) for l in text.splitlines()}
    upto = next(i for i in range(start, len(shown)) if "Linux version" in shown[i] or "Kernel Offset" in shown[i])
    missing = [l for l in shown[start:upto] if l not in saved]
    assert not missing, f"on the console but not in the file: {missing[:3]}"


def report(o):
    """The report of capture time equals what the finished dump says."""
    r = json.loads((o.folder / "report.json").read_text())
    assert r["schema"].startswith("salvage.report/"), r["schema"]
    assert r["kernel"]["release"] == o.kernel.release
    p = call(o.program("salvage"), "report", "--json", o.folder / "vmcore")
    later = json.loads(p.stdout)
    assert later["panic"]["reason"] == r["panic"]["reason"]
    assert later["panic"]["frames"] == r["panic"]["frames"], "frames differ from capture time"
    text = (o.folder / "report.txt").read_text()
    assert r["panic"]["reason"][:40] in text
    assert o.kernel.release in text
    # what the kernel said of it after the crash began: a slow host may make it complain before
    crash = o.run.console.index("VM: crash now")
    m = re.search(r"CPU: (\d+) (?:UID: \d+ )?PID: (\d+) Comm: (\S+)", o.run.console[crash:])
    told = (r["panic"]["cpu"], r["panic"]["task"]["pid"], r["panic"]["task"]["comm"])
    assert told == (int(m[1]), int(m[2]), m[3]), f"{told}, the kernel said {m[0]}"
    return r["panic"]["reason"][:70]


def stack(o):
    """Function by function the kernel's own Call Trace without its `?` lines."""
    p = call(ORACLE / "calltrace", o.folder / "report.json", o.folder / "vmcore-dmesg.txt", ok=False)
    words = (p.stdout + p.stderr).decode(errors="replace").strip()
    assert p.returncode == 0, words
    return words.splitlines()[-1] if words else ""


def every_cpu(o):
    r = json.loads((o.folder / "report.json").read_text())
    cpus = r["cpus"]
    assert len(cpus) == o.scenario.cpus, f"{len(cpus)} CPUs in the report"
    assert all(c["frames"] for c in cpus), "a CPU has no stack"


def oops_module(o):
    r = json.loads((o.folder / "report.json").read_text())
    frames = [f for f in r["panic"]["frames"] if f.get("module") == "oops"]
    names = [f["symbol"].split(".")[0] for f in frames]
    assert names[:3] == ["oops_inner", "oops_outer", "die_null"], names
    assert any(m["name"] == "oops" for m in r["modules"]), "oops is not in the module list"


def opens(o):
    """The whole dump reads: every page it holds unpacks, and its log is the saved one."""
    p = call(o.program("vmcore-dmesg"), o.folder / "vmcore")
    assert p.stdout == (o.folder / "vmcore-dmesg.txt").read_bytes(), "vmcore-dmesg differs"
    call(o.program("makedumpfile"), "-d", "31", "-c", "-f", o.folder / "vmcore", o.work / "again")
    (o.work / "again").unlink()


def ask(o, *commands):
    """Answers of the shell, one text a command."""
    mark = "=-=-="
    script = "".join(f"{c}\n!echo {mark}\n" for c in commands)
    p = subprocess.run([o.program("crash"), "-s", "--no_crashrc", "-i", "-", str(o.folder / "vmcore")],
                       input=script.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    answers = p.stdout.decode(errors="replace").split(mark + "\n")
    assert p.returncode == 0 and len(answers) == len(commands) + 1, p.stdout[-1500:]
    return answers[:-1]


def shell(o):
    """The shell knows what the guest was doing: its tasks, mounts, open files and stacks."""
    ps, mount, files, bt, vm, each, mods, jiffies, info = ask(
        o, "ps", "mount", "files", "bt -s", "vm", "foreach bt", "list -H modules -o module.list -s module.name",
        "p jiffies", "kmem -i")
    asleep = re.findall(r"^ +\d+ +1 +\d+ +[0-9a-f]{16} +IN .* sleep$", ps, re.M)
    assert len(asleep) == 20, f"{len(asleep)} of the guest's 20 sleeping processes:\n{ps}"
    assert re.search(r"^> +1 +0 .* test-init$", ps, re.M), ps
    for what in (r"ext4 +/dev/vda +/$", r"tmpfs +run +/run$", rf"{o.scenario.fstype} +/dev/vdb +/target$"):
        assert re.search(what, mount, re.M), f"no {what} in\n{mount}"
    assert re.search(r"^ +1 .* REG +/proc/sysrq-trigger$", files, re.M), files
    assert re.search(r" /bin/busybox$", vm, re.M), vm
    r = json.loads((o.folder / "report.json").read_text())
    ours = [f"{f['symbol']}+{f['offset']}" for f in r["panic"]["frames"] if f["reliable"]]
    shown = re.findall(r"^ *#\d+ \[[0-9a-f]+\] (\S+) at", bt, re.M)
    assert shown == ours, f"bt {shown}, the report {ours}"
    # every task that is not running ends in a function that tasks begin in, or in user mode
    stacks = each.split("\nPID: ")
    assert len(stacks) == len(ps.splitlines()) - 1, f"{len(stacks)} stacks"
    broken = [s for s in stacks if "ends here" in s or "(?)" in s]
    assert not broken, broken[0]
    assert "name = \"virtio_blk" in mods, mods
    assert int(re.search(r"= (\d+)$", jiffies.strip())[1]) > 0
    total, unused = (int(re.search(rf"{w} +(\d+) ", info)[1]) for w in ("TOTAL MEM", "FREE"))
    assert 0 < unused < total < o.scenario.ram_mb * 256, info
    return f"{len(stacks)} tasks, each with a whole stack"


def shell_busy(o):
    """What tests/vm/busy.c made is what the commands show: sockets, System V objects, BPF, a trace; and
    the slab caches, timers and machine code of this kernel can be read."""
    pid = re.search(r"^[> ] +(\d+) .* busy$", ask(o, "ps -u")[0], re.M)[1]
    net, ipcs, bpf, trace, caches, cache, timers, code, hogs, core = ask(
        o, f"net -s {pid}", "ipcs", "bpf -P", "trace show", "kmem -s", "kmem -S task_struct", "timer", "dis schedule 8",
        "hogs", f"gcore -o {o.work}/core.busy {pid}")
    for what in (r"^ *\d+ .* INET:STREAM +127.0.0.1-7777 0.0.0.0-0$", r"INET:STREAM +127.0.0.1-\d+ 127.0.0.1-7777$",
                 r"INET:DGRAM +127.0.0.1-5353 ", r"UNIX:STREAM"):
        assert re.search(what, net, re.M), f"no {what} in\n{net}"
    for what in (r" 00001234 0 +0 +640 +12288 +1 ", r" 00001235 0 +0 +600 +3 ", r" 00001236 0 +0 +600 +8 +1 "):
        assert re.search(what, ipcs), f"no {what} in\n{ipcs}"
    assert re.search(r"SOCKET_FILTER .*\n +XLATED: 16 .*\n.*\n.*NAME: busy_prog ", bpf), bpf
    assert re.search(r"^ +busy-\d+ .*: print: .*buf=hello from busy$", trace, re.M), trace[-2000:]
    assert re.search(r": sched_switch: prev_comm=\S+ prev_pid=\d+ ", trace), trace[-2000:]
    rows = re.findall(r"^[0-9a-f]{16} +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)k  (\S+)$", caches, re.M)
    assert len(rows) > 100 and all(int(used) <= int(total) for _, used, total, *_ in rows), caches
    tasks = next(int(r[1]) for r in rows if r[5] == "task_struct")
    shown = len(ask(o, "ps -H")[0].splitlines())
    assert shown - 4 <= tasks <= shown + 20, f"{tasks} task_structs in use, ps shows {shown}"  # not init_task; exiting ones
    assert re.search(r"^  \[?[0-9a-f]{16}|^   [0-9a-f]{16}", cache, re.M) or "objects at hand" in cache, cache
    assert len(re.findall(r"^ +\d+ +-?\d+ +[0-9a-f]{16}  [0-9a-f]{16}  <[\w.]+>$", timers, re.M)) > 5, timers
    assert re.search(r"^0x[0-9a-f]+ <schedule>:", code) and "(bad)" not in code, code
    assert " busy" in hogs or "sleep" in hogs, hogs
    saved = re.search(r"Saved .*: (\d+) areas, \d+ pages; (\d+) pages are not in the dump", core)
    (o.work / "core.busy").unlink()
    assert saved and int(saved[1]) > 5, core
    return f"{len(rows)} caches, {tasks} tasks in use, {len(trace.splitlines())} events"


def oracle_dmesg(o):
    """makedumpfile reads our dump and prints the same log, byte for byte."""
    out = o.work / "oracle-dmesg"
    out.unlink(missing_ok=True)
    call(*newest_makedumpfile(), "--dump-dmesg", o.folder / "vmcore", out)
    assert out.read_bytes() == (o.folder / "vmcore-dmesg.txt").read_bytes(), \
        "makedumpfile --dump-dmesg differs from vmcore-dmesg.txt"


def oracle_counts(o):
    """makedumpfile refilters our dump and finds nothing more to leave out, or nearly nothing."""
    out = o.work / "refiltered"
    p = call(*newest_makedumpfile(), "-l", "-d", "31", "-f", "--message-level", "31",
             o.folder / "vmcore", out)
    refiltered = call(o.build / "tests/make/pagecmp", "--level", "31", o.folder / "vmcore", out,
                      ok=False).stdout.decode()
    out.unlink()
    text = (p.stdout + p.stderr).decode(errors="replace")
    kept = int(re.search(r"Remaining pages\s*:\s*0x([0-9a-f]+)", text)[1], 16)
    p = call(o.build / "tests" / "make" / "pagecmp", o.folder / "vmcore", o.folder / "vmcore")
    ours = int(re.search(r"identical[: ]+(\d+)", p.stdout.decode())[1])
    if o.scenario.kernel == "7":
        # it takes slab tails of 7.1 and later for user pages (doc/kernel/page-classes.md): what it
        # drops beyond ours must be such frames, which no level names, and nothing else
        wrong = int(re.search(r"unjustified[: ]+(\d+)", refiltered)[1])
        assert ours - kept == wrong, f"we kept {ours} pages, makedumpfile {kept}; {wrong} of them kernel data"
        return f"{ours} pages kept; makedumpfile drops {wrong} of kernel data"
    assert abs(ours - kept) <= max(1, ours // 1000), f"we kept {ours} pages, makedumpfile {kept} of them"
    return f"{ours} pages kept, makedumpfile would keep {kept}"


def oracle_crash(o):
    """The classic shell opens the dump: same panic, task and log as ours."""
    vmlinux = o.kernel.debug_vmlinux()
    if not vmlinux:
        raise Skip("no debug vmlinux; fetch it with tests/vm/fetch-debug " + o.kernel.name)
    script = o.work / "crash.commands"
    script.write_text("sys\nbt\nlog\nkmem -i\nps | head -5\nquit\n")
    p = call("crash", "-s", "-i", script, vmlinux, o.folder / "vmcore", ok=False)
    text = (p.stdout + p.stderr).decode(errors="replace")
    (o.work / "crash.out").write_text(text)
    assert p.returncode == 0, text[-1500:]
    assert o.kernel.release in text and "PANIC:" in text, text[:1500]
    r = json.loads((o.folder / "report.json").read_text())
    assert f'PID: {r["panic"]["task"]["pid"]} ' in text, "another panic task"
    log = (o.folder / "vmcore-dmesg.txt").read_text(errors="replace").splitlines()
    assert without_caller(log[-1]) in text, "the log's last line is not there"


def oracle_shell(o):
    """Command by command, the classic shell with its vmlinux and ours say the same: at least 95 %
    of the fields."""
    vmlinux = o.kernel.debug_vmlinux()
    if not vmlinux:
        raise Skip("no debug vmlinux; fetch it with tests/vm/fetch-debug " + o.kernel.name)
    commands = [l for l in (ORACLE / "shell.commands").read_text().splitlines() if l and l[0] != "#"]
    mark = "=-=-="
    script = o.work / "shell.commands"
    script.write_text("".join(f"{c}\n!echo {mark}\n" for c in commands) + "quit\n")
    p = call("crash", "-s", "-i", script, vmlinux, o.folder / "vmcore", ok=False)
    theirs = p.stdout.decode(errors="replace").split(mark + "\n")[:-1]
    assert len(theirs) == len(commands), p.stdout[-1500:]
    theirs[0] = theirs[0][theirs[0].index("struct "):]  # after its warnings
    equal = total = 0
    notes = []
    for command, a, b in zip(commands, theirs, ask(o, *commands)):
        a, b = a.split(), b.split()
        same = sum(m.size for m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
        equal += same
        total += max(len(a), len(b))
        if same < max(len(a), len(b)):
            notes.append(f"{command}: {same} of {max(len(a), len(b))}")
    (o.work / "shell.differences").write_text("\n".join(notes) + "\n")
    assert equal >= total * 0.95, f"{equal} of {total} fields; " + "; ".join(notes)
    return f"{len(commands)} commands, {equal} of {total} fields equal"


def page_truth(o):
    """Full copy and filtered dump of one crash: kept pages are identical, and every page left
    out belongs to a class that the level names; makedumpfile -d 31 of the full copy keeps the
    same number within 0.1 %."""
    full, ours = o.folder / "vmcore-full", o.folder / "vmcore"
    p = call(o.build / "tests" / "make" / "pagecmp", "--level", "31", full, ours)
    text = p.stdout.decode()
    n = {k: int(v) for k, v in re.findall(r"^(\w+)[: ]+(\d+)$", text, re.M)}
    assert n["differing"] == 0 and n["unjustified"] == 0, text
    theirs = o.work / "theirs"
    p = call(*newest_makedumpfile(), "-l", "-d", "31", "-f", "--message-level", "31", full, theirs)
    out = (p.stdout + p.stderr).decode(errors="replace")
    kept = int(re.search(r"Remaining pages\s*:\s*0x([0-9a-f]+)", out)[1], 16)
    their = call(o.build / "tests/make/pagecmp", "--level", "31", full, theirs, ok=False).stdout.decode()
    theirs.unlink()
    kept -= n["mapped_twice"]  # the kernel's own text is in two segments, and it counts both
    # 7.1 and later: slab tails that it takes for user pages (doc/kernel/page-classes.md)
    kept += int(re.search(r"unjustified[: ]+(\d+)", their)[1]) if o.scenario.kernel == "7" else 0
    assert abs(n["identical"] - kept) <= kept // 1000, f"we kept {n['identical']}, makedumpfile {kept}"
    return f"{n['identical']} kept (makedumpfile {kept}), {n['excluded']} left out"


def cut_off(o):
    """A collector that is killed after the first pages, at four fifths of its writes, leaves a dump that
    is incomplete, says so, and gives the whole report all the same, but what the largest processes and caches held:
    their pages are not among the first."""
    whole, cut = o.folder / "vmcore", o.work / "cut"
    collect = [o.build / "tests/fault/faulty-collect", "-l", "-d", "31", "--message-level", "0", whole, cut]
    cut.unlink(missing_ok=True)
    counts = o.work / "counts"
    subprocess.run([str(a) for a in collect], env={"FAULT_COUNTS": str(counts)}, check=True, timeout=280)
    writes = int(re.search(r"^write (\d+)$", counts.read_text(), re.M)[1])
    cut.unlink()
    p = subprocess.run([str(a) for a in collect], env={"FAULT": f"write:kill:{writes * 4 // 5}"}, timeout=280)
    assert p.returncode == -9, f"status {p.returncode}"
    verified = call(o.program("salvage"), "verify", "-q", cut, ok=False)
    assert verified.returncode == 4, verified.stdout.decode()[-500:]
    both = [json.loads(call(o.program("salvage"), "report", "--json", f, ok=False).stdout) for f in (whole, cut)]
    differing = [k for k in both[0] if both[0][k] != both[1][k] and k not in ("dump", "missing", "sources", "memory")]
    assert not differing, f"the report differs in {differing}"
    size = cut.stat().st_size * 100 // whole.stat().st_size
    cut.unlink()
    return f"whole report from {size} % of the file"


def oracle_forms(o):
    """Split, reassembled, ELF, filtered again, by us and by makedumpfile: the same pages (oracle/forms)."""
    vmlinux = o.kernel.debug_vmlinux()
    p = call(ORACLE / "forms", o.build, o.folder / "vmcore-full", o.work / "forms",
             *(["--vmlinux", vmlinux] if vmlinux else []), "--", *newest_makedumpfile(), ok=False)
    text = (p.stdout + p.stderr).decode(errors="replace").strip()
    assert p.returncode == 0, text
    return text.splitlines()[-1]


def oracle_erase(o):
    """The same erase rules, here and by makedumpfile with the debug vmlinux: the same pages and record."""
    vmlinux = o.kernel.debug_vmlinux()
    if not vmlinux:
        raise Skip("no debug vmlinux (tests/vm/fetch-debug)")
    p = call(ORACLE / "erase", o.build, o.folder / "vmcore-full", o.work / "erase", vmlinux, *newest_makedumpfile(),
             ok=False, timeout=1800)
    text = (p.stdout + p.stderr).decode(errors="replace").strip()
    assert p.returncode == 0, text
    return text.splitlines()[-1]


def encrypted(o):
    """The dump is a file that age opens, what is inside reads there and here alike, and a rule was carried out."""
    dump, key = o.folder / "vmcore", o.work / "identity"
    assert dump.read_bytes()[:22] == b"age-encryption.org/v1\n", "not an age file"
    key.write_text(IDENTITY + "\n")
    refused = call(o.program("salvage"), "verify", "-q", dump, ok=False)
    assert refused.returncode == 6 and b"--identity" in refused.stderr, refused.stderr
    call(o.program("salvage"), "verify", "-q", "--identity", key, dump)
    stream, plain = o.work / "stream", o.work / "plain"
    call("age", "-d", "-i", key, "-o", stream, dump)
    with open(stream, "rb") as f:
        p = subprocess.run([*map(str, newest_makedumpfile()), "-f", "-R", str(plain)], stdin=f,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280)
    assert p.returncode == 0, p.stdout[-800:]
    both = [json.loads(call(o.program("salvage"), "report", "--json", *args, ok=False).stdout)
            for args in ((plain,), ("--identity", key, dump))]
    differing = [k for k in both[0] if both[0][k] != both[1][k] and k not in ("dump", "missing", "sources")]
    assert not differing, f"the report differs in {differing}"
    assert b"erase init_uts_ns.name.nodename size 65\n" in plain.read_bytes(), "no record of what was erased"
    text = call(o.program("crash"), "-s", "--no_crashrc", "--identity", key, "-i", "/dev/null", dump, ok=False)
    assert text.returncode == 0, text.stderr
    size = dump.stat().st_size >> 20
    for f in (stream, plain, key):
        f.unlink()
    return f"{size} MiB, {both[1]['panic']['reason'][:50]}"


def reloads_failed(o):
    """Every reload failed, a capture kernel was loaded after each, and most of them had lost it in between."""
    rows = re.findall(r"VM: reload -. (\S+): exit (\d+) loaded (\d)", o.run.console)
    assert len(rows) == 20, f"{len(rows)} reloads"
    bad = [r for r in rows if r[1] == "0" or r[2] != "1"]
    assert not bad, f"no capture kernel, or no failure, after {bad}"
    put_back = len(re.findall(r"the capture kernel from before was loaded again", o.run.console))
    kept = len(re.findall(r"the capture kernel from before stays loaded", o.run.console))
    assert put_back + kept == 20 and put_back >= 12, f"{put_back} put back, {kept} kept"
    return f"20 of 20: {put_back} put back, {kept} kept by the kernel"


def purgatory_reset(o):
    """The changed byte is named, the machine reset some seconds later, and no dump made."""
    said = o.run.when(r"purgatory: the digest does not match.*resetting the machine in 10 s")
    assert said, "purgatory did not say so"
    assert o.run.when(r"purgatory: checking \d+ KiB \((AVX2|SHA instructions)\)")
    back = o.run.when(r"VM: back after the crash")
    assert back and back > said, "the guest did not come back"
    assert not o.folders(), "there is a dump"
    return f"came back {back - said:.0f} s after the message"


def small_image(o):
    """The capture initramfs is at most 4 MiB."""
    m = re.search(r"VM: (?:\w+: )?capture image (\d+) bytes", o.run.console)
    assert m, "the guest printed no image size"
    assert int(m[1]) <= 4 << 20, f"{m[1]} bytes"
    return f"{int(m[1]) / (1 << 20):.2f} MiB"


def test_recorded(o):
    """The crash was a test: its folder has its id, and the next start of the service knows its outcome."""
    folders = [f for f in o.folders() if f.name.startswith("kdump-test-")]
    assert len(folders) == 1, [f.name for f in o.folders()]
    said = (folders[0] / "vmcore-creation.status").read_text()
    assert said == f"success kdump_test_id={folders[0].name.removeprefix('kdump-test-')}\n", said
    told = [l for l in o.run.lines if "Notice: Last successful vmcore creation test on " in l]
    assert len(told) == 2, "start and status do not tell of it"


def rebooted(o):
    assert o.run.when(r"VM: back after the crash"), "the guest did not come back"


def failure_poweroff(o):
    """The configured failure action ended the machine: powered off, not rebooted."""
    assert o.run.status == 0, f"QEMU ended with {o.run.status}"
    assert not o.run.when(r"VM: back after the crash"), "it rebooted instead"
    assert o.run.when(r"VM: crash now"), "there was no crash"


def says_what_is_missing(o):
    """The capture kernel looked for the target, and its console says that it was not there."""
    assert o.run.when(r"salvage: the capture failed: UUID=\S+: there is no such block device with that name on it")


def dmesg_and_report_kept(o):
    names = {p.name for p in o.folder.iterdir()}
    assert {"vmcore-dmesg.txt", "report.txt", "report.json"} <= names, f"only {sorted(names)}"
    assert "vmcore" not in names, "a failed dump is called vmcore"


def incomplete_kept(o):
    """What fitted is kept under the honest name, and reads."""
    part = o.folder / "vmcore-incomplete"
    assert part.exists() and part.stat().st_size > 1 << 20
    p = call(o.program("salvage"), "report", "--json", part, ok=False)
    assert p.returncode in (0, 4), p.stderr.decode(errors="replace")
    r = json.loads(p.stdout)
    assert r["dump"]["complete"] is False and r["kernel"]["release"] == o.kernel.release
    return f"{part.stat().st_size >> 20} MiB kept"


def dump_on_root(o):
    folders = o.folders("dumps")
    assert len(folders) == 1, "no dump on the root file system"
    names = {p.name for p in folders[0].iterdir()}
    assert {"vmcore", "vmcore-dmesg.txt", "report.txt", "report.json"} <= names, sorted(names)


def past_128(o):
    """The memory map needed more than boot_params' room, and the second kernel has it all."""
    m = re.search(r"using kexec_load: (.*128.*)", o.run.console)
    assert m, "the file call was taken"
    told = o.run.console[m.end():]
    rows = re.findall(r"(?:BIOS-e820|reserve setup_data): \[mem 0x[0-9a-f]+-0x[0-9a-f]+\]", told)
    assert len(rows) > 128, f"{len(rows)} entries"
    return f"{len(rows)} entries: {m[1]}"


def kexec_rebooted(o):
    """The second kernel came by kexec: the command line says so and the firmware did not run."""
    assert o.run.when(r"VM: back after the crash"), "no second boot"
    assert re.search(r"Command line: .*again=1", o.run.console), "not the loaded command line"


def kept_in_the_firmware(o):
    """What PID 1 put into a variable is a dump folder after the restart, and the variable is gone."""
    assert "kept at a second place: efi" in o.run.console, [l for l in o.run.lines if "salvage:" in l]
    kept = {m[1]: int(m[2]) for m in re.finditer(r"VM: kept \S*/(\S+) (\d+)", o.run.console)}
    assert kept.get("report.txt") and kept.get("vmcore-dmesg.txt"), kept
    assert "VM: variables 0" in o.run.console


def storage_dumps(o):
    """Every target of the run has exactly one dump, and it reads as a whole; raw ones came out as a file."""
    words = []
    for target in o.scenario.storage:
        own = Outcome(o.scenario, o.kernel, o.run, o.work, o.found / target, o.build)
        if (own.found / "target").is_dir() and not own.folders():
            dumps = list((own.found / "target").rglob("vmcore*"))
            assert [p.name for p in dumps] == ["vmcore"], f"{target}: found {dumps}"
            call(o.program("makedumpfile"), "-d", "31", "-c", "-f", dumps[0], o.work / "again")
        else:
            dump_folder(own)
            opens(own)
        size = re.search(rf"VM: {target}: capture image (\d+) bytes", o.run.console)
        assert size and int(size[1]) <= 6 << 20, f"{target}: the image has {size and size[1]} bytes"
        words.append(f"{target} {int(size[1]) / (1 << 20):.2f} MiB")
    assert o.run.when(r"VM: DONE"), "the run did not end as planned"
    return "images: " + ", ".join(words)

#!/usr/bin/env python3
"""kexec.py --build DIR: the loader's figures. The digest by every unit of this CPU; the plan of a machine with
32,768 pieces of memory and 8,192 CPUs; and, in one virtual machine, loads of the same kernel and
initrd by kexec-tools and by us, and the time from the panic to the next kernel's first line by each
one's purgatory (two runs, one each)."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests/vm"))


def their_digest(build):
    """kexec-tools' own SHA-256, out of Debian's source, as a library."""
    import debian
    out = build / "bench" / "kexec-tools-sha256.so"
    if not out.exists():
        tree = build / "bench" / "kexec-tools.tree"
        shutil.rmtree(tree, ignore_errors=True)
        debian.source("bookworm", "kexec-tools", tree)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-I", tree / "util_lib/include", tree / "util_lib/sha256.c",
                        "-o", out], check=True)
        shutil.rmtree(tree)
    return out


def plan(build):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([build / "tests/make/mkhost", "largest", folder / "m"], check=True)
        shutil.copy(HERE.parent / "fuzz/seeds/bzimage/small", folder / "vmlinuz")
        best_ms = most_kib = None
        for _ in range(7):
            p = subprocess.Popen([build / "bin/kexec", f"--root={folder}/m", "--check", "-c", "-p",
                                  folder / "vmlinuz"], stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(p.pid, 0)
            assert status == 0, f"kexec --check: status {status}"
            ms = (used.ru_utime + used.ru_stime) * 1000
            best_ms = ms if best_ms is None else min(best_ms, ms)
            most_kib = max(most_kib or 0, used.ru_maxrss)
    print(f"plan for 32,768 ranges and 8,192 CPUs: {best_ms:.0f} ms of CPU time, {most_kib / 1024:.1f} MiB")


LOADS = """
image=$(ls /boot/*kdump* /var/lib/kdump/* 2>/dev/null | head -1)
dd if=/dev/urandom of=/tmp/more bs=1M count=48 2>/dev/null
cat $image /tmp/more >/tmp/initrd
kernel=/boot/vmlinuz-$(uname -r)
now() { cut -d' ' -f1 /proc/uptime; }
for i in 1 2 3; do
	for tool in kexec-tools salvage; do
		[ $tool = salvage ] && program=kexec || program=/kexec-tools/kexec
		a=$(now); $program -c -p $kernel --initrd=/tmp/initrd --command-line="console=ttyS0,115200 panic=1" >/dev/null 2>&1; rc=$?; b=$(now)
		say "load $tool $a $b $rc"
	done
done
[ "$WITH" = kexec-tools ] && /kexec-tools/kexec -c -p $kernel --initrd=/tmp/initrd --console-serial --serial=0x3f8 --command-line="console=ttyS0,115200 panic=1"
"""


def machine(build):
    import debian
    import lab
    import scenario
    import scenarios
    tools = build / "bench" / "kexec-tools"
    if not (tools / "kexec").exists():
        tools.mkdir(parents=True, exist_ok=True)
        work = tools.with_name("kexec-tools.packages")
        debian.with_fresh_lists("bookworm", lambda conf: debian.unpack(conf, ["kexec-tools"], work))
        shutil.copy(work / "sbin/kexec", tools / "kexec")
        shutil.rmtree(work)
    rows = {}
    for name in ("kexec-tools", "salvage"):
        s = scenarios.Scenario(f"bench-{name}", kernel="6.12", cpu="max", ram_mb=1024, crashkernel="320M",
                               sysconfig='KEXEC_ARGS="-c"\n', before_crash=f"WITH={name}\n" + LOADS, limit=900)
        keep = lab.make_ext4

        def with_tools(image, megabytes, tree=None, **how):
            if tree:
                lab.copy_program(tools / "kexec", tree, "kexec-tools")
            keep(image, megabytes, tree=tree, **how)
        lab.make_ext4 = with_tools
        try:
            outcome = scenario.execute(s, build)
        finally:
            lab.make_ext4 = keep
        run = outcome.run
        loads = {}
        for tool, a, b, rc in re.findall(r"VM: load (\S+) ([\d.]+) ([\d.]+) (\d+)", run.console):
            assert rc == "0", f"{tool}: status {rc}"
            loads.setdefault(tool, []).append(float(b) - float(a))
        crash = run.when(r"sysrq: Trigger a crash")
        jump = run.when(r"Linux version ", after=crash) if crash else None
        rows[name] = (loads, jump - crash if jump else None)
        said = re.search(r"purgatory: the digest is right \((\d+) million cycles\)", run.console)
        print(f"{name}: panic to the next kernel {rows[name][1] or 0:.1f} s"
              + (f", digest {said[1]} million cycles" if said else ""))
    for tool in ("kexec-tools", "salvage"):
        times = rows["salvage"][0].get(tool, [])
        print(f"load by {tool}: " + ", ".join(f"{t:.2f}" for t in times) + " s")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--no-vm", action="store_true")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    print(subprocess.run([build / "bench/digest", their_digest(build)], check=True, capture_output=True, text=True).stdout,
          end="")
    plan(build)
    if not args.no_vm:
        machine(build)


if __name__ == "__main__":
    main()

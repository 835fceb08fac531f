#!/usr/bin/env python3
"""scenario.py --build DIR NAME: one scenario in a virtual machine, as TAP. What it leaves (console with
times, dump folder, disks) is in BUILD/vm/NAME."""
import argparse
import dataclasses
import re
import shutil
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checks
import debian
import lab
import scenarios
import servers
import steps
import storage


def scenario_text(s):
    """The guest's /etc/scenario: shell variables and functions for test-init."""
    arm = s.arm
    if s.arm == "kexec-reboot":
        arm = (f"kexec -l {s.sysconfig} /boot/vmlinuz-$(uname -r) --initrd=/boot/production.gz "
               "--reuse-cmdline --append=again=1")
    lines = [f"TARGET='{scenarios.TARGET['device'] if s.target else ''}'",
             f"TARGET_TYPE={s.fstype}", "CRASH_PATH=dumps", f"ARM='{arm}'",
             f"CRASH='{s.crash}'"]
    lines.append("prepare() {\n" + ("mkdir -p /target/dumps\n" if s.target else "")
                 + s.prepare + "\n:\n}")
    lines.append("after_crash() {\n" + s.after_crash + "\n:\n}")
    lines.append("before_crash() {\n" + s.before_crash + "\n:\n}")
    return "\n".join(lines) + "\n"


def execute(s, build, echo=None):
    kernel = debian.Kernel(s.kernel)
    work = build / "vm" / s.name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    initrd = lab.production_initramfs(kernel, work)
    tree = work / "root"
    # hard links: the shared tree is not written to
    shutil.copytree(lab.base_root(kernel, build), tree, symlinks=True, copy_function=lambda a, b: Path(b).hardlink_to(a))
    server = servers.KINDS[s.server](work) if s.server else None
    if server:
        server.start()
    try:
        return execute_with(s, build, kernel, work, initrd, tree, server, echo)
    finally:
        if server:
            server.stop()


def execute_with(s, build, kernel, work, initrd, tree, server, echo):
    conf = s.conf
    if server:
        servers.lay_modules(kernel, tree)
        # the server's folder takes the place of the scenario's
        s = dataclasses.replace(s, before_crash=s.before_crash.replace("{DUMPS}", str(server.dumps)))
        conf = server.lay(tree) + "".join(l + "\n" for l in conf.splitlines() if not l.startswith("path "))
    if s.target:
        conf = f"{s.fstype} {scenarios.TARGET[s.by]}\n" + conf
    (tree / "etc/kdump.conf").write_text(conf)
    (tree / "etc/sysconfig").mkdir()
    (tree / "etc/sysconfig/kdump").write_text(s.sysconfig if s.arm == "kdumpctl" else "")
    if s.target:
        # mounted by the scenario; noted as an administrator would
        with open(tree / "etc/fstab.new", "w") as f:
            f.write("/dev/vda / ext4 defaults 0 1\n/dev/vdb /target " + s.fstype + " defaults 0 2\n")
        (tree / "etc/fstab").unlink()
        (tree / "etc/fstab.new").rename(tree / "etc/fstab")
    (tree / "etc/scenario").write_text(scenario_text(s))
    for program in s.programs:
        lab.copy_program(build / "tests" / "vm" / program, tree)
    if "oops" in s.crash:
        shutil.copy(lab.oops_module(kernel, build), tree / "oops.ko")
    if s.storage:
        storage.lay(s, kernel, tree)
    if s.steps:
        steps.lay(s, kernel, build, tree, initrd)
    if s.arm == "kexec-reboot":
        shutil.copy(initrd, tree / "boot/production.gz")
    lab.make_ext4(work / "root.img", s.root_mb, tree=tree)
    shutil.rmtree(tree)
    if s.fstype == "xfs":
        lab.make_xfs(work / "target.img", s.target_mb, lab.TARGET_LABEL, lab.TARGET_UUID)
    else:
        lab.make_ext4(work / "target.img", s.target_mb, label=lab.TARGET_LABEL, uuid=lab.TARGET_UUID)
    with open(work / "out.img", "wb") as f:
        f.truncate((s.target_mb + 100) << 20)
    disks, extra = [work / "target.img", work / "out.img"], []
    if s.storage:
        disks, extra = storage.devices(s, work)
    run = lab.qemu(kernel.image, initrd,
                   f"console=ttyS0 crashkernel={s.crashkernel} panic=20 no_timer_check {s.append}",
                   [work / "root.img", *disks], extra=extra + (server.qemu() if server else []), ram_mb=s.ram_mb,
                   cpus=s.cpus, cpu=s.cpu, uefi=s.uefi, limit=s.limit, log=work / "console",
                   work=work, echo=echo)
    found = work / "found"
    if not lab.extract_tar(work / "out.img", found) and s.fstype == "ext4" and s.target:
        lab.extract_ext4(work / "target.img", "/dumps", found / "target")
    if server:
        # as other targets: FOUND/target/dumps/...
        found.mkdir(exist_ok=True)
        shutil.copytree(server.dumps.parent, found / "target", dirs_exist_ok=True)
    for disk in ("root.img", "out.img"):
        (work / disk).unlink(missing_ok=True)
    return checks.Outcome(s, kernel, run, work, found, build)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--times", type=int, default=1, help="crash it so often, until one fails")
    ap.add_argument("name")
    args = ap.parse_args()
    build = Path(args.build).resolve()
    s = next((s for s in scenarios.SCENARIOS if s.name == args.name), None)
    if not s:
        sys.exit(f"no scenario {args.name}; there are: " + " ".join(x.name for x in scenarios.SCENARIOS))
    n = 0
    for _ in range(args.times):
        failed, n = run_once(s, build, n)
        if failed:
            break
    print(f"1..{n}")
    return 1 if failed else 0


def run_once(s, build, n):
    outcome = execute(s, build)
    failed = 0
    for name in s.checks:
        n += 1
        try:
            words = getattr(checks, name)(outcome) or ""
            print(f"ok {n} - {s.name}: {name}{' ' + words if words else ''}", flush=True)
        except checks.Skip as e:
            print(f"ok {n} - {s.name}: {name} # SKIP {e}", flush=True)
        except AssertionError as e:
            failed += 1
            print(f"not ok {n} - {s.name}: {name}: {e}", flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {n} - {s.name}: {name}", flush=True)
    if failed:
        print(f"# console ({outcome.run.seconds:.0f} s, status {outcome.run.status}), last lines:")
        interesting = [l for l in outcome.run.lines if l.strip()][-60:]
        print("\n".join("# " + l for l in interesting))
    else:
        for f in outcome.work.glob("*.img"):
            f.unlink()
    return failed, n


if __name__ == "__main__":
    sys.exit(main())

"""Guests: disks, initramfs, QEMU, and what comes back from them.

A guest is a stock Debian kernel (debian.py) with a small production system of ours: busybox,
the programs under test, /boot and the modules its disks need. Nothing a test looks at comes
from anywhere but the guest's console or disks.
"""
import gzip
import hashlib
import os
import re
import selectors
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import debian

HERE = Path(__file__).resolve().parent
TARGET_UUID = "5a1f4a6e-0000-4000-8000-00000000d15c"
TARGET_LABEL = "crashdisk"
PROGRAMS = ["kexec", "kdumpctl", "salvage", "vmcore-dmesg", "makedumpfile", "salvage-init",
            "salvage-collect", "salvage-report"]
GUEST_PROGRAMS = ["test-init", "kexec-steps", "fault-steps", "loop-steps", "storage-steps"]
# What a production system has loaded and on disk: drivers of its disks and file systems.
MODULE_FOLDERS = ["kernel/drivers/virtio", "kernel/drivers/block", "kernel/drivers/ata",
                  "kernel/drivers/scsi", "kernel/fs/ext4", "kernel/fs/jbd2", "kernel/fs/xfs",
                  "kernel/fs/mbcache", "kernel/lib", "kernel/crypto", "kernel/arch/x86/crypto",
                  "kernel/drivers/watchdog/softdog", "kernel/drivers/watchdog/watchdog", "kernel/fs/efivarfs"]


def sh(*argv, **how):
    check = how.pop("check", True)
    p = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, **how)
    text = p.stdout.decode(errors="replace")
    if check and p.returncode:
        raise SystemExit(f"{' '.join(str(a) for a in argv)}: status {p.returncode}\n{text[-4000:]}")
    return text


def copy_program(path, root, where="usr/sbin"):
    """A program with the libraries it is linked with, into the guest's root."""
    target = root / where / Path(path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.realpath(path), target)
    subprocess.run(["strip", "-s", target], check=False, stderr=subprocess.DEVNULL)
    for lib in re.findall(r"(?:=> )?(/\S+) \(0x", sh("ldd", path, check=False)):
        to = root / lib.lstrip("/")
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(lib), to)


def unpacked_module(path):
    data = Path(path).read_bytes()
    if path.endswith(".xz"):
        return subprocess.run(["xz", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dqc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def add_modules(kernel, root, *names):
    (root / "modules").mkdir()
    order = []
    for path in kernel.module_files(*names):
        name = re.sub(r"\.ko.*", ".ko", os.path.basename(path))
        (root / "modules" / name).write_bytes(unpacked_module(path))
        order.append(name)
    (root / "modules/order").write_text("".join(f"{n}\n" for n in order))


def production_initramfs(kernel, work):
    """The guest's own initramfs: busybox and the modules of its disks."""
    root = work / "initramfs"
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy("/bin/busybox", root / "bin/busybox")
    shutil.copy(HERE / "guest/init", root / "init")
    add_modules(kernel, root, "virtio_pci", "virtio_blk", "ext4", "xfs")
    out = pack_initramfs(root, work / "initramfs.gz")
    shutil.rmtree(root)
    return out


def pack_initramfs(root, out):
    names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
    cpio = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(),
                          stdout=subprocess.PIPE, check=True).stdout
    out.write_bytes(gzip.compress(cpio, 1))
    return out


def small_initramfs(busybox, out):
    """For kernels of another width: nothing but a busybox and what it says."""
    root = out.with_suffix(".root")
    shutil.rmtree(root, ignore_errors=True)
    (root / "bin").mkdir(parents=True)
    (root / "dev").mkdir()
    shutil.copy(busybox, root / "bin/busybox")
    shutil.copy(HERE / "guest/init-small", root / "init")
    pack_initramfs(root, out)
    shutil.rmtree(root)
    return out


def base_root(kernel, build):
    """The tree of the guest's root disk, shared by its tests; made again when an input changed."""
    with debian.locked(f"root-{kernel.name}"):
        return lay_base_root(kernel, build)


def lay_base_root(kernel, build):
    digest = hashlib.sha256()
    digest.update(kernel.release.encode())
    for name in PROGRAMS:
        path = build / "bin" / name
        if path.exists():
            digest.update(path.read_bytes())
    digest.update((HERE / "lab.py").read_bytes())
    for name in GUEST_PROGRAMS:
        digest.update((HERE / "guest" / name).read_bytes())
    root = build / "vm" / f"root-{kernel.name}"
    stamp = root.with_suffix(".digest")
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return root
    shutil.rmtree(root, ignore_errors=True)
    stamp.unlink(missing_ok=True)
    for d in ("bin", "sbin", "usr/bin", "usr/sbin", "etc", "proc", "sys", "dev", "run", "tmp",
              "var/crash", "var/lib/kdump", "target", "root", "boot", "lib/modules"):
        (root / d).mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for applet in sh("/bin/busybox", "--list").split():
        link = root / "bin" / applet
        if not link.exists():
            link.symlink_to("busybox")
    for name in PROGRAMS:
        if (build / "bin" / name).exists():
            copy_program(build / "bin" / name, root)
    for name in GUEST_PROGRAMS:
        shutil.copy(HERE / "guest" / name, root / "sbin" / name)
    shutil.copy(kernel.image, root / "boot" / f"vmlinuz-{kernel.release}")
    shutil.copy(kernel.config, root / "boot" / f"config-{kernel.release}")
    modules = root / "lib/modules" / kernel.release
    modules.mkdir()
    for folder in MODULE_FOLDERS:
        if (kernel.modules / folder).exists():
            shutil.copytree(kernel.modules / folder, modules / folder)
        for one in kernel.modules.glob(folder + ".ko*"):
            (modules / folder).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(one, (modules / folder).parent)
    for f in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        if (kernel.modules / f).exists():
            shutil.copy(kernel.modules / f, modules / f)
    sh("depmod", "-b", root, kernel.release)
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    stamp.write_text(digest.hexdigest())
    return root


def make_ext4(image, megabytes, tree=None, label=None, uuid=None, extra=()):
    argv = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", *extra]
    if tree:
        argv += ["-d", tree]
    if label:
        argv += ["-L", label]
    if uuid:
        argv += ["-U", uuid]
    image.unlink(missing_ok=True)
    sh(*argv, image, f"{megabytes}M")


def make_xfs(image, megabytes, label=None, uuid=None):
    image.unlink(missing_ok=True)
    with open(image, "wb") as f:
        f.truncate(megabytes << 20)
    argv = ["mkfs.xfs", "-q", "-f"]
    if label:
        argv += ["-L", label]
    if uuid:
        argv += ["-m", f"uuid={uuid}"]
    sh(*argv, image)


class Run:
    """One QEMU run: its console (CR removed) and when each line came, in seconds."""

    def __init__(self):
        self.lines, self.times, self.status, self.seconds = [], [], None, 0.0

    @property
    def console(self):
        return "\n".join(self.lines)

    def when(self, pattern, after=0.0):
        for t, line in zip(self.times, self.lines):
            if t >= after and re.search(pattern, line):
                return t
        return None

    def facts(self):
        return [l.split("VM: ", 1)[1] for l in self.lines if "VM: " in l]


def qemu(kernel_image, initrd, append, disks, ram_mb=512, cpus=1, uefi=False, cpu="qemu64",
         limit=240, log=None, work=None, extra=(), stop=None, echo=None):
    """Boots; ends when the guest powers off, at `limit` seconds, or when a console line matches
    `stop`. `echo` is called with each line and its time. TCG always: what KVM would do on this host cannot be known beforehand."""
    # `timeout` ends QEMU even when whoever started this was killed
    argv = ["timeout", "-k", "5", str(limit + 30), "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", cpu,
            "-smp", str(cpus), "-m", str(ram_mb), "-nographic", "-vga", "none", "-nodefaults",
            "-net", "none", "-serial", "stdio", "-kernel", str(kernel_image),
            "-initrd", str(initrd), "-append", append]
    if uefi:
        code = next(p for p in ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd")
                    if os.path.exists(p))
        variables = work / "uefi-vars.fd"
        shutil.copy(code.replace("CODE", "VARS"), variables)
        argv += ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
                 "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]
    for i, disk in enumerate(disks):
        argv += ["-drive", f"file={disk},if=none,id=d{i},format=raw,cache=unsafe,"
                           "discard=unmap,detect-zeroes=unmap",
                 "-device", f"virtio-blk-pci,drive=d{i}"]
    return watch([*argv, *extra], limit, log, stop, echo)


def watch(argv, limit, log=None, stop=None, echo=None):
    """Runs a QEMU whose console is its standard output; see qemu()."""
    run = Run()
    start = time.monotonic()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    poll = selectors.DefaultSelector()
    poll.register(p.stdout, selectors.EVENT_READ)
    rest = b""
    out = open(log, "w") if log else None
    try:
        while True:
            left = limit - (time.monotonic() - start)
            if left <= 0:
                run.status = "timeout"
                break
            if not poll.select(min(left, 1.0)):
                continue
            chunk = os.read(p.stdout.fileno(), 65536)
            if not chunk:
                run.status = p.wait(timeout=10)
                break
            *whole, rest = (rest + chunk).split(b"\n")
            now = time.monotonic() - start
            for raw in whole:
                line = re.sub(r"\x1b\[[0-9;?=]*[a-zA-Z]", "", raw.decode(errors="replace")).rstrip("\r")
                run.lines.append(line)
                run.times.append(now)
                if echo:
                    echo(now, line)
                if out:
                    out.write(f"{now:8.2f} {line}\n")
                    out.flush()
            if stop and whole and any(re.search(stop, l) for l in run.lines[-len(whole):]):
                run.status = "stopped"
                break
    finally:
        if p.poll() is None:
            p.terminate()
        p.wait()
        p.stdout.close()
        if out:
            out.close()
    run.seconds = time.monotonic() - start
    return run


def extract_ext4(image, path, to):
    """Copies folder `path` out of an ext4 image without mounting it."""
    to.mkdir(parents=True, exist_ok=True)
    sh("debugfs", "-R", f"rdump {path} {to}", image)


def extract_tar(disk, to):
    """The tar that the guest wrote on its third disk; False when there is none."""
    to.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(disk, "r:") as t:
            members = t.getmembers()
            t.extractall(to, members)
        return bool(members)  # a blank disk reads as an empty archive
    except tarfile.ReadError:
        return False


def oops_module(kernel, build):
    """The module that dereferences a null pointer, built for `kernel`."""
    out = build / "vm" / "oops"
    module = out / "oops.ko"
    if module.exists() and module.stat().st_mtime > (HERE / "oops/oops.c").stat().st_mtime:
        return module
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(HERE / "oops", out)
    sh("make", "-C", kernel.headers(), f"M={out}", "CC=gcc-12", "modules")
    return module

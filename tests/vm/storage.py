"""Targets on storage of every kind: a guest whose production system makes them with Debian's own tools
(guest/storage-steps, guest/storage-targets), one capture after the other in one run."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import debian
import lab

HERE = Path(__file__).resolve().parent
SUITE = "bookworm"
DISK_MB = 2000
# package: programs, and names they are called by
TOOLS = {
    "lvm2": {"lvm": ["pvcreate", "vgcreate", "lvcreate", "vgchange", "vgmknodes"]},
    "cryptsetup-bin": {"cryptsetup": []},
    "mdadm": {"mdadm": []},
    "btrfs-progs": {"mkfs.btrfs": [], "btrfs": []},
    "f2fs-tools": {"mkfs.f2fs": []},
    "dosfstools": {"mkfs.fat": ["mkfs.vfat"]},
    "fdisk": {"sfdisk": []},
    "dmsetup": {"dmsetup": []},
    "e2fsprogs": {"mke2fs": ["mkfs.ext4"]},
}
MODULE_FOLDERS = ["kernel/drivers/md", "kernel/drivers/nvme", "kernel/drivers/scsi", "kernel/fs/btrfs", "kernel/fs/f2fs",
                  "kernel/fs/fat", "kernel/fs/nls", "kernel/lib", "kernel/crypto", "kernel/arch/x86/crypto"]
LVM_CONF = """activation { udev_sync = 0 udev_rules = 0 monitoring = 0 }
devices { use_devicesfile = 0 obtain_device_list_from_udev = 0 external_device_info_source = "none" }
global { event_activation = 0 }
"""


def add_tool(tree, package, program, names):
    unpacked = debian.unpacked_tool(SUITE, package)
    path = next(unpacked / d / program for d in ("usr/sbin", "sbin", "usr/bin", "bin") if (unpacked / d / program).exists())
    libs = [unpacked / d for d in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")]
    loader = next(p / "ld-linux-x86-64.so.2" for p in libs if (p / "ld-linux-x86-64.so.2").exists())
    listed = subprocess.run([loader, "--library-path", ":".join(str(p) for p in libs), "--list", path],
                            stdout=subprocess.PIPE, text=True, check=True).stdout
    (tree / "usr/sbin").mkdir(parents=True, exist_ok=True)
    shutil.copy(os.path.realpath(path), tree / "usr/sbin" / program)
    for lib in re.findall(r"=> (/\S+) \(0x", listed):
        to = tree / "lib/x86_64-linux-gnu" / Path(lib).name
        if not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(lib), to)
    for name in names:
        (tree / "usr/sbin" / name).unlink(missing_ok=True)
        (tree / "usr/sbin" / name).symlink_to(program)


def lay(scenario, kernel, tree):
    """Tools, modules and words into the guest's root."""
    for package, programs in TOOLS.items():
        for program, names in programs.items():
            add_tool(tree, package, program, names)
    modules = tree / "lib/modules" / kernel.release
    for folder in MODULE_FOLDERS:
        if (kernel.modules / folder).exists() and not (modules / folder).exists():
            shutil.copytree(kernel.modules / folder, modules / folder)
    lab.sh("depmod", "-b", tree, kernel.release)
    (tree / "etc/lvm").mkdir(exist_ok=True)
    (tree / "etc/lvm/lvm.conf").write_text(LVM_CONF)
    (tree / "etc/storage").write_text(f"TARGETS='{' '.join(scenario.storage)}'\nA=/dev/vdb\nB=/dev/vdc\nOUT_DISK=/dev/vdd\n")
    shutil.copy(HERE / "guest/storage-targets", tree / "etc/storage-targets")


def blank(path, megabytes):
    with open(path, "wb") as f:
        f.truncate(megabytes << 20)
    return path


def devices(scenario, work):
    """Disks beside the root disk, and QEMU's words for those that are no virtio disks."""
    disks = [blank(work / "a.img", DISK_MB), blank(work / "b.img", DISK_MB), blank(work / "out.img", 2000)]
    extra = []
    if "multipath" in scenario.storage:
        image = blank(work / "paths.img", 300)
        for n in (0, 1):
            extra += ["-device", f"virtio-scsi-pci,id=s{n}",
                      "-drive", f"file={image},if=none,id=m{n},format=raw,cache=unsafe,file.locking=off",
                      "-device", f"scsi-hd,bus=s{n}.0,drive=m{n},wwn=0x5000c50015ea71aa,share-rw=on"]
    if "nvme" in scenario.storage:
        extra += ["-drive", f"file={blank(work / 'nvme.img', 300)},if=none,id=n0,format=raw,cache=unsafe",
                  "-device", "nvme,drive=n0,serial=salvage-1"]
    return disks, extra

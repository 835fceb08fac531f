#!/usr/bin/env python3
"""own_kernel.py NAME: a small kernel with options that no distribution sets, built once from Debian's source into
the cache. Prints where it is. It takes some 10 minutes of processor time and 200 MB of source."""
import shutil
import subprocess
import sys
from pathlib import Path

import debian

X86 = """64BIT SMP=n PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE EARLY_PRINTK BLK_DEV_INITRD RD_GZIP BINFMT_ELF
BINFMT_SCRIPT MULTIUSER POSIX_TIMERS FUTEX EPOLL SIGNALFD TIMERFD EVENTFD SHMEM PROC_FS SYSFS TMPFS DEVTMPFS PROC_SYSCTL
BLOCK SWAP PCI ACPI KALLSYMS DEBUG_KERNEL KALLSYMS_ALL BUG MAGIC_SYSRQ PANIC_TIMEOUT=0 RELOCATABLE HIGH_RES_TIMERS MODULES
VIRTIO_MENU VIRTIO_PCI VIRTIO_BLK BLK_DEV EXT4_FS UNIX NET INET FILE_LOCKING
KEXEC_CORE KEXEC KEXEC_FILE CRASH_DUMP VMCORE_INFO PROC_VMCORE PROC_KCORE HIBERNATION PM KEXEC_JUMP
KEYS CONFIGFS_FS MD BLK_DEV_DM DM_CRYPT CRASH_DM_CRYPT CRYPTO CRYPTO_AES CRYPTO_CBC CRYPTO_XTS CRYPTO_ESSIV
CRYPTO_SHA256 CRYPTO_USER_API_HASH"""

# name: (suite, source package, architecture for make, cross prefix, options, file)
KERNELS = {
    "jump": ("sid", "linux-source-7.2", "x86_64", "", X86, "arch/x86/boot/bzImage"),
}


def config_text(options):
    return "".join(f"CONFIG_{o}\n" if "=" in o else f"CONFIG_{o}=y\n" for o in options.split())


def missing(config, options):
    text = config.read_text()
    return [o for o in options.split() if "=" not in o and f"CONFIG_{o}=y" not in text]


def build(name):
    suite, package, arch, cross, options, image = KERNELS[name]
    out = debian.cache() / "kernels" / f"own-{name}"
    stamp = out / "options"
    with debian.locked(f"own-{name}"):
        if stamp.exists() and stamp.read_text() == options:
            return out
        shutil.rmtree(out, ignore_errors=True)
        work = out.with_name(out.name + ".build")
        shutil.rmtree(work, ignore_errors=True)
        print(f"# fetching {package}", file=sys.stderr, flush=True)
        debian.with_fresh_lists(suite, lambda conf: debian.unpack(conf, [package], work))
        archive = next((work / "usr/src").glob("linux-source-*.tar.xz"))
        subprocess.run(["tar", "xf", archive, "-C", work], check=True)
        archive.unlink()
        tree = next(p for p in work.iterdir() if p.name.startswith("linux-source"))
        (work / "wanted").write_text(config_text(options))
        make = ["make", "-s", f"ARCH={arch}", *([f"CROSS_COMPILE={cross}"] if cross else [])]
        subprocess.run([*make, f"KCONFIG_ALLCONFIG={work}/wanted", "allnoconfig"], cwd=tree, check=True)
        lacks = missing(tree / ".config", options)
        if lacks:
            raise SystemExit(f"{package} cannot have " + " ".join(lacks))
        print(f"# building {name}", file=sys.stderr, flush=True)
        subprocess.run(["nice", *make, "-j2", Path(image).name], cwd=tree, check=True, timeout=7200)
        out.mkdir(parents=True)
        shutil.copy(tree / image, out / "image")
        shutil.copy(tree / ".config", out / "config")
        shutil.copy(tree / "vmlinux", out / "vmlinux")
        stamp.write_text(options)
        shutil.rmtree(work)
    return out


if __name__ == "__main__":
    print(build(sys.argv[1]))

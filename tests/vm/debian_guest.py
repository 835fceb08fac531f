"""A whole Debian as a guest: systemd, stock kernel, initramfs-tools. For what only a real
distribution shows; everything else runs in the small guests of lab.py."""
import shutil
import subprocess

import debian
import lab

PACKAGES = ["systemd-sysv", "udev", "kmod", "kdump-tools", "makedumpfile", "linux-image-amd64", "initramfs-tools", "zstd",
            "e2fsprogs", "procps", "iproute2", "libkmod2", "libmount1", "libblkid1", "libdevmapper1.02.1"]

UNIT = """[Unit]
Description=what the test does in this boot, on the console
After=multi-user.target kdump-tools.service kdump.service
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/each-boot
StandardOutput=journal+console
[Install]
WantedBy=multi-user.target
"""


def root_archive():
    """A Debian root with kdump-tools, made once."""
    tar = debian.cache() / "bench-root-bookworm.tar"
    with debian.locked("debian-root"):
        if not tar.exists():
            print("# making a Debian root", flush=True)
            temp = tar.with_name("part-" + tar.name)
            subprocess.run(["mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES),
                            "--aptopt=Apt::Install-Recommends false", "--quiet", "bookworm", temp],
                           check=True, timeout=900)
            temp.rename(tar)
    return tar


def lay_root(work, each_boot, build=None):
    """The root below `work`, with the script `each_boot` run in each boot; with our programs when
    `build` is given, the classic service masked. The caller adds to it and calls finish()."""
    root = work / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    lab.sh("tar", "xf", root_archive(), "-C", root)
    (root / "etc/systemd/system/each-boot.service").write_text(UNIT)
    enable(root, "each-boot.service", "/etc/systemd/system/each-boot.service")
    script = root / "usr/local/sbin/each-boot"
    script.write_text(each_boot)
    script.chmod(0o755)
    (root / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
    (root / "etc/default/grub.d/kdump-tools.cfg").unlink(missing_ok=True)
    if build:
        (root / "etc/systemd/system/kdump-tools.service").symlink_to("/dev/null")
        lab.sh("meson", "install", "-C", build, "--no-rebuild", "--destdir", root)
    return root


def enable(root, unit, path, target="multi-user.target"):
    wants = root / f"etc/systemd/system/{target}.wants"
    wants.mkdir(exist_ok=True)
    (wants / unit).symlink_to(path)


def finish(work, root):
    """Makes work/root.img; returns kernel and initrd."""
    release = next((root / "lib/modules").iterdir()).name
    lab.make_ext4(work / "root.img", 3000, tree=root)
    image = (work / "vmlinuz", work / "initrd")
    shutil.copy(root / f"boot/vmlinuz-{release}", image[0])
    shutil.copy(root / f"boot/initrd.img-{release}", image[1])
    shutil.rmtree(root)
    return image

"""What the virtual machines do, one row each. A scenario is data: the guest's kernel, disks,
configuration and way to die, what must be found afterwards (checks.py names), and its tier:
`check` runs always (at most about 20), `long` in check-long by group."""
from dataclasses import dataclass, field

import servers

TARGET = {"device": "/dev/vdb", "LABEL": "LABEL=crashdisk",
          "UUID": "UUID=5a1f4a6e-0000-4000-8000-00000000d15c"}
# a key pair for tests: whoever has the file may read the dumps
READER = "age10d8fpxa70llyf3r95gsqxltq3m34397nrmuh9urlwjyjev8h8ufsj7lk9j"
IDENTITY = "AGE-SECRET-KEY-1" + "ZYG3" * 12 + "ZYGSUZRZYL"
DUMP_CHECKS = ["dump_folder", "dmesg", "report", "stack", "opens", "oracle_dmesg"]


@dataclass
class Scenario:
    name: str
    kernel: str = "6.1"
    fstype: str = "ext4"
    by: str = "device"
    conf: str = "path /dumps\ncore_collector makedumpfile -l --message-level 7 -d 31\n"
    sysconfig: str = ""
    target: bool = True          # a target line in kdump.conf
    target_mb: int = 800
    ram_mb: int = 512
    crashkernel: str = "192M"
    cpus: int = 1
    cpu: str = "qemu64"
    uefi: bool = False
    append: str = ""
    crash: str = "sysrq"
    arm: str = "kdumpctl"
    prepare: str = ""            # shell, before the service starts
    before_crash: str = ""       # shell, after it started
    after_crash: str = ""        # shell, in the production system that comes after the capture
    checks: list = field(default_factory=lambda: list(DUMP_CHECKS))
    programs: list = field(default_factory=list)  # helper programs of tests/vm put into /usr/sbin
    steps: list = field(default_factory=list)  # kernels started one by one, see steps.py
    storage: list = field(default_factory=list)  # targets made one by one, see storage.py
    server: str = ""             # a kind of servers.KINDS that the dump goes to
    root_mb: int = 400
    limit: int = 300
    tier: str = "check"
    group: str = "targets"


SCENARIOS = [
    Scenario("ext4-device-6.1-file", sysconfig='KEXEC_ARGS="-s"\n', cpus=2,
             checks=DUMP_CHECKS + ["every_cpu", "shell", "oracle_counts", "oracle_crash", "oracle_shell",
                                   "cut_off"]),
    Scenario("ext4-label-6.1-segments-96M", by="LABEL", sysconfig='KEXEC_ARGS="-c"\n',
             ram_mb=2048, crashkernel="96M", target_mb=1200, checks=DUMP_CHECKS + ["small_image"]),
    Scenario("xfs-uuid-6.1", fstype="xfs", by="UUID"),
    Scenario("xfs-label-6.12-segments", kernel="6.12", fstype="xfs", by="LABEL",
             sysconfig='KEXEC_ARGS="-c"\n'),
    Scenario("ext4-uuid-6.12-file", kernel="6.12", by="UUID", sysconfig='KEXEC_ARGS="-s"\n', cpus=2,
             programs=["busy"], before_crash="busy", checks=DUMP_CHECKS + ["shell", "shell_busy", "oracle_counts"]),
    Scenario("ext4-device-7-file", kernel="7", sysconfig='KEXEC_ARGS="-s"\n',
             programs=["busy"], before_crash="busy", checks=DUMP_CHECKS + ["shell", "shell_busy", "oracle_counts"]),
    Scenario("ssh-6.1", server="ssh", limit=1500, conf="core_collector makedumpfile -F -l --message-level 7 -d 31\n", target=False, crashkernel="160M", prepare=servers.STATIC, sysconfig='KEXEC_ARGS="-s"\n',
             checks=["ssh_folder", "dmesg", "report", "stack", "opens", "network_image"]),
    Scenario("ssh-vlan-bond-dhcp-6.12", kernel="6.12", server="ssh-trunk", limit=1500, conf="core_collector makedumpfile -F -l -d 31\n", target=False,
             crashkernel="192M", prepare=servers.TRUNK, before_crash=servers.A_DAY_LATER, tier="long", group="network",
             checks=["ssh_folder", "dmesg", "stack", "opens", "network_image", "lent_again"]),
    # between arming and the crash the server stops to take the key, or is another one
    *[Scenario(f"ssh-{name}", server="ssh", limit=1500, target=False, crashkernel="192M", prepare=servers.STATIC,
               conf="core_collector makedumpfile -F -l -d 31\nfailure_action poweroff\n", tier="long", group="network",
               before_crash=servers.ON_SERVER + f"on_server {{DUMPS}}/../../sshd/{name}", checks=["failure_poweroff", "nothing_on_server"])
      for name in ("key-refused", "host-key-changed")],
    Scenario("ssh-v6-auto-6.12", kernel="6.12", server="ssh-v6", limit=1500, target=False, crashkernel="192M", prepare=servers.ROUTER,
             conf="core_collector makedumpfile -F -l -d 31\n", tier="long", group="network",
             checks=["ssh_folder", "dmesg", "stack", "opens", "network_image"]),
    Scenario("nfs-bridge-6.12", kernel="6.12", server="nfs", limit=1500, target=False, crashkernel="192M", prepare=servers.BRIDGE + "modprobe nfsv4\n",
             checks=["dump_folder", "dmesg", "report", "stack", "opens", "network_image"], tier="long", group="network"),
    # firmware and KASLR between them may leave no 192M in one piece of a 512M machine
    Scenario("ext4-uuid-7-segments-uefi", kernel="7", by="UUID", uefi=True, ram_mb=768, crashkernel="160M",
             sysconfig='KEXEC_ARGS="-c"\n'),
    Scenario("ext4-device-6.12-file-uefi", kernel="6.12", uefi=True, ram_mb=768, crashkernel="160M", sysconfig='KEXEC_ARGS="-s"\n',
             tier="long"),
    Scenario("oops-in-module-6.1", crash="oops", checks=DUMP_CHECKS + ["oops_module"]),
    Scenario("la57-6.1", cpu="qemu64,+la57", tier="long", group="crash"),
    Scenario("page-truth-6.1",
             conf="path /dumps\ncore_collector copy-and-filter\n", programs=["copy-and-filter"],
             checks=DUMP_CHECKS + ["page_truth", "oracle_forms"]),
    Scenario("page-truth-7", kernel="7",
             conf="path /dumps\ncore_collector copy-and-filter\n", programs=["copy-and-filter"],
             checks=DUMP_CHECKS + ["page_truth", "oracle_forms"], tier="long", group="crash"),
    Scenario("erase-rules-6.1",
             conf="path /dumps\ncore_collector copy-and-filter\n", programs=["copy-and-filter"],
             checks=DUMP_CHECKS + ["oracle_erase"], tier="long", group="crash"),
    Scenario("encrypted-6.1",
             conf="path /dumps\ncore_collector makedumpfile -l --message-level 7 -d 31 --config /etc/rules "
                  "--recipients-file /etc/readers\n",
             prepare=f"echo '{READER}' >/etc/readers\necho 'erase init_uts_ns.name.nodename' >/etc/rules",
             checks=["dump_folder", "dmesg", "encrypted"], tier="long"),
    # a volume of LVM on the stock kernel with little memory
    Scenario("lvm-112M-6.1", storage=["lvm"], target=False, crashkernel="112M", ram_mb=1024, root_mb=500, limit=600,
             checks=["storage_dumps", "small_image"]),
    Scenario("storage-lvm-6.1", storage=["striped", "thin", "lvmraid"], target=False, crashkernel="128M", ram_mb=768,
             root_mb=700, limit=1500, checks=["storage_dumps"], tier="long"),
    Scenario("storage-md-luks-6.1", storage=["mirror", "parity", "luks"], target=False, crashkernel="128M", ram_mb=768,
             root_mb=700, limit=1500, checks=["storage_dumps"], tier="long"),
    Scenario("storage-disks-6.1", storage=["raw", "multipath", "nvme", "f2fs", "vfat"], target=False, crashkernel="128M",
             ram_mb=768, root_mb=700, limit=1500, checks=["storage_dumps"], tier="long"),
    # the target's file system is gone when the crash comes
    Scenario("target-missing", before_crash="umount /target; dd if=/dev/zero of=/dev/vdb bs=1M count=8 2>/dev/null; sync",
             conf="path /dumps\ncore_collector makedumpfile -l -d 31\nfailure_action poweroff\n",
             checks=["failure_poweroff", "says_what_is_missing"]),
    Scenario("target-missing-dump-to-rootfs",
             before_crash="umount /target; dd if=/dev/zero of=/dev/vdb bs=1M count=8 2>/dev/null; sync",
             conf="path /dumps\ncore_collector makedumpfile -l -d 31\nfailure_action dump_to_rootfs\n",
             checks=["rebooted", "dump_on_root"], tier="long"),
    # log and report in a variable of the firmware, and out of it again at the service's next start
    Scenario("second-place-efi", uefi=True, ram_mb=768, crashkernel="160M", limit=600,
             before_crash="umount /target; dd if=/dev/zero of=/dev/vdb bs=1M count=8 2>/dev/null; sync",
             conf="path /dumps\ncore_collector makedumpfile -l -d 31\ntime_limits device=5\n",
             after_crash="modprobe efivarfs; mount -t efivarfs efivarfs /sys/firmware/efi/efivars\n"
                         "mke2fs -F /dev/vdb >/dev/null; rm -rf /var/crash/*; printf 'path /var/crash\\n' >/etc/kdump.conf\n"
                         "kdumpctl start; for f in /var/crash/*/*; do say \"kept $f $(grep -c sysrq $f)\"; done\n"
                         "ls /sys/firmware/efi/efivars | grep -c Salvage | sed 's/^/VM: variables /'",
             checks=["rebooted", "kept_in_the_firmware"], tier="long", group="faults"),
    Scenario("disk-full",
             conf="path /dumps\ncore_collector makedumpfile -d 0\nfailure_action poweroff\n", target_mb=128,
             checks=["failure_poweroff", "dmesg_and_report_kept", "incomplete_kept"]),
    Scenario("collector-killed",
             conf="path /dumps\ncore_collector die-halfway\nfailure_action reboot\n",
             programs=["die-halfway"], checks=["rebooted", "dmesg_and_report_kept"]),
    Scenario("test-crash-6.12", kernel="6.12", crash="kdumpctl test --force",
             after_crash="kdumpctl start; kdumpctl status", checks=["test_recorded", "opens"]),
    Scenario("rootfs-by-path-6.12", kernel="6.12", target=False, conf="path /dumps\n",
             prepare="mkdir -p /dumps", checks=["rebooted", "dump_on_root"], tier="long"),
    Scenario("crashkernel-high-6.1", ram_mb=5120, crashkernel="256M,high", cpu="max", target_mb=2000,
             tier="long", group="crash", limit=400),
    Scenario("kexec-reboot-file", target=False, arm="kexec-reboot", crash="kexec -e",
             sysconfig="-s", checks=["kexec_rebooted"], group="kexec"),
    Scenario("kexec-reboot-segments", target=False, arm="kexec-reboot", crash="kexec -e",
             sysconfig="-c", kernel="6.12", checks=["kexec_rebooted"], group="kexec"),
]

# Every image by every way in, one guest for many kernels: (how, options, image).
KEXEC_STEPS = [("reboot", "-s", "bzimage"), ("reboot", "-c", "bzimage"), ("reboot", "-c", "vmlinux"),
               ("reboot", "-c", "packed"), ("reboot", "-s", "uki"), ("reboot", "-c", "uki"),
               ("reboot", "-c --entry-32bit", "bzimage"), ("panic", "-s", "bzimage"), ("panic", "-c", "bzimage"),
               ("panic", "-c", "vmlinux"), ("panic", "-s", "uki"), ("panic", "-c", "uki"),
               ("panic", "-c --entry-32bit", "bzimage"), ("panic", "-c --pass-memmap-cmdline", "bzimage")]
UEFI_STEPS = [("reboot", "-s", "bzimage"), ("reboot", "-c", "bzimage"), ("reboot", "-c", "vmlinux"), ("reboot", "-c", "uki"),
              ("panic", "-s", "bzimage"), ("panic", "-c", "bzimage"), ("panic", "-c", "packed")]
OTHER_STEPS = [("reboot", "", "other"), ("panic", "", "other"), ("reboot", "", "other_vmlinux"),
               ("reboot", "", "multiboot"), ("reboot", "--type=multiboot-x86", "multiboot"),
               ("reboot", "", "elfnotes")]
for kernel in ("6.1", "6.12", "7"):
    # in two halves, so that none holds a loaded machine too long
    for name, some, uefi in ((f"kexec-reboots-{kernel}", [s for s in KEXEC_STEPS if s[0] == "reboot"], False),
                             (f"kexec-panics-{kernel}", [s for s in KEXEC_STEPS if s[0] == "panic"], False),
                             (f"kexec-images-{kernel}-uefi", UEFI_STEPS, True)):
        SCENARIOS.append(Scenario(name, kernel=kernel, uefi=uefi, steps=some, target=False, checks=["arrived"],
                                  ram_mb=768, crashkernel="160M" if uefi else "192M", limit=1200, root_mb=700,
                                  tier="long", group="kexec"))
SCENARIOS += [
    Scenario("kexec-32bit-and-multiboot", kernel="6.12", steps=OTHER_STEPS, target=False, checks=["arrived"],
             root_mb=500, limit=900, tier="long", group="kexec"),
    Scenario("kexec-32bit-uefi", kernel="6.12", uefi=True, target=False, checks=["arrived"], ram_mb=768, crashkernel="160M",
             steps=[("reboot", "", "other"), ("reboot", "-c --entry-32bit", "bzimage"), ("panic", "-c --entry-32bit", "bzimage")],
             root_mb=500, limit=900, tier="long", group="kexec"),
    # 130 reserved pages: the capture kernel's own memory is an entry past the 128 of boot_params
    Scenario("kexec-many-ranges", kernel="6.12", steps=[("panic", "", "plain")], target=False, checks=["arrived", "past_128"],
             append="memmap=" + ",".join(f"4K${n}M" for n in range(64, 194)), ram_mb=768, tier="long", group="kexec"),
    Scenario("kexec-uki-and-vmlinux", kernel="6.12", target=False, checks=["arrived"], group="kexec", root_mb=500,
             steps=[("reboot", "", "uki"), ("reboot", "", "packed"), ("panic", "-c", "vmlinux")]),
]

# Other ways to die: what counts is that the report's stack is the kernel's own.
SYSCTLS = {
    "soft-lockup": "echo 3 >/proc/sys/kernel/watchdog_thresh; echo 1 >/proc/sys/kernel/softlockup_panic",
    "hung-task": "echo 5 >/proc/sys/kernel/hung_task_timeout_secs; echo 1 >/proc/sys/kernel/hung_task_panic",
}
for how in ("jump", "gp", "bug", "divide", "list", "stack", "timer", "timer-panic", "soft-lockup", "hung-task"):
    SCENARIOS.append(Scenario(f"dies-by-{how}", crash=f"insmod /oops.ko how={how}; sleep 100",
                              before_crash=SYSCTLS.get(how, ""), tier="long", group="crash",
                              checks=["dump_folder", "stack", "opens", "oracle_dmesg"]))

# Twenty reloads that fail, most of them after the kernel has let go of the capture kernel
# (tests/make/kexec-shim.c spoils the real call); the crash that follows must still be captured.
FILE_SPOILS = ("not-a-kernel part-of-a-kernel empty-kernel zeros closed-kernel closed-initrd "
               "folder-as-initrd huge-initrd long-line open-line bad-address EBUSY")
SEGMENT_SPOILS = "entry fault overlap outside unaligned too-long wrap beyond"
RELOADS = f"""
image=$(ls /boot/*kdump*.img /boot/*kdump* /var/lib/kdump/* 2>/dev/null | head -1)
reload() {{
	LD_PRELOAD=/usr/sbin/kexec-shim.so SHIM_SPOIL=$2 kexec $1 -p /boot/vmlinuz-$(uname -r) --initrd=$image --append="console=ttyS0 other=1" >/tmp/out 2>&1
	rc=$?
	sed 's/^/VM:   /' /tmp/out
	say "reload $1 $2: exit $rc loaded $(cat /sys/kernel/kexec_crash_loaded)"
}}
for k in {FILE_SPOILS}; do reload -s $k; done
for k in {SEGMENT_SPOILS}; do reload -c $k; done
"""
SHIM = "../make/kexec-shim.so"
SCENARIOS += [
    Scenario("reloads-fail-6.12-file", kernel="6.12", sysconfig='KEXEC_ARGS="-s"\n', before_crash=RELOADS,
             programs=[SHIM], checks=["reloads_failed", "dump_folder", "opens"], limit=600, group="kexec"),
    Scenario("reloads-fail-6.1-segments", sysconfig='KEXEC_ARGS="-c"\n', before_crash=RELOADS,
             programs=[SHIM], checks=["reloads_failed", "dump_folder", "opens"], tier="long", limit=600, group="kexec"),
    Scenario("reloads-fail-7-file", kernel="7", sysconfig='KEXEC_ARGS="-s"\n', before_crash=RELOADS,
             programs=[SHIM], checks=["reloads_failed", "dump_folder", "opens"], tier="long", limit=600, group="kexec"),
    # one byte changed after the digest was made: purgatory says so and resets the machine
    Scenario("purgatory-resets-6.12", kernel="6.12", cpu="max", tier="long", group="kexec",
             before_crash="kexec -c -p --spoil-digest /boot/vmlinuz-$(uname -r) --append=console=ttyS0,115200; say spoiled $?",
             checks=["purgatory_reset"]),
]

# Debian's and SUSE's files mean the same service: what becomes of them, and which file holds.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
IMG=m/boot/initramfs-${REL}kdump.img
mkdir -p m/etc/default m/srv/crash m/usr/bin
cp bin/salvage-init m/usr/bin/tell
show() {
	echo "# $1"
	bin/kdumpctl --root m lint --json | grep -vE '"(path|failure_action|final_action|force_.*|auto_reset.*|sshkey|second_place|keep_bytes)": "(/var/crash|reboot|0|yes|/root.*|auto)"' || :
	bin/kdumpctl --root m rebuild || { echo "exit $?"; return 0; }
	zstd -dc $IMG | cpio -i --quiet --to-stdout etc/salvage.plan | grep -E '^(path|collector|directory|keep|failure|hook)' || :
}
cat >m/etc/default/kdump-tools <<'END'
# kdump-tools configuration
USE_KDUMP=1
KDUMP_COREDIR="/srv/crash"
KDUMP_FAIL_CMD="/usr/bin/tell"
KDUMP_NUM_DUMPS=3
KDUMP_COMPRESSION=lz4
#MAKEDUMP_ARGS="-c -d 31"
KDUMP_CMDLINE_APPEND="nr_cpus=1 irqpoll systemd.unit=kdump-tools-dump.service"
END
show "Debian"
sed -i 's/=/ = /' m/etc/default/kdump-tools
bin/kdumpctl --root m start 2>&1 | grep -v HdrS || :
echo "# its settings are not those of kdump.conf"
echo "path /var/crash" >m/etc/kdump.conf
bin/kdumpctl --root m rebuild
echo "USE_KDUMP=0" >m/etc/default/kdump-tools
: >m/etc/kdump.conf
bin/kdumpctl --root m start || echo "exit $?"
rm m/etc/default/kdump-tools m/etc/kdump.conf
bin/kdumpctl --root m start || echo "exit $?"
cat >m/etc/sysconfig/kdump <<'END'
KDUMP_SAVEDIR="file:///srv/crash"
KDUMP_DUMPFORMAT="lzo"
KDUMP_DUMPLEVEL="31"
KDUMP_KEEP_OLD_DUMPS="5"
KDUMP_FREE_DISK_SIZE="64"
KDUMP_CPUS=""
KDUMP_COMMANDLINE_APPEND="extra=1"
KDUMP_POSTSCRIPT=/usr/bin/tell
KDUMP_NETCONFIG="auto"
KDUMP_CONTINUE_ON_ERROR="perhaps"
KDUMP_NOTIFICATION_TO="root"
END
show "SUSE"
echo "KDUMP_SAVEDIR=ftp://host/x" >m/etc/sysconfig/kdump
bin/kdumpctl --root m start || echo "exit $?"

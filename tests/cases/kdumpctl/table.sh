# What each file is taken for: the rows that other services of this name were run with, and what start and
# lint say of them.
. "$SRC/tests/cases/kdumpctl/machine.inc"
row() {
	echo "# $1"
	printf "$1" >m/etc/kdump.conf
	kdumpctl --root m lint --json m/etc/kdump.conf >found && rc=0 || rc=$?
	echo "rc $rc"
	python3 - <<'END'
import json
j = json.load(open("found"))
stock = {"path": "/var/crash", "core_collector": "makedumpfile -l --message-level 7 -d 31",
    "failure_action": "reboot", "final_action": "reboot", "force_rebuild": "0", "force_no_rebuild": "0",
    "auto_reset_crashkernel": "yes", "sshkey": "/root/.ssh/kdump_id_rsa",
    "keep_dumps": "0", "keep_bytes": "0", "keep_free": "0", "dump_naming": "ip-time", "second_place": "auto"}
for f in j["findings"]:
    print(f["level"], f.get("line"), f["text"], "|", f.get("instead"))
if j["valid"]:
    print({k: v for k, v in j["settings"].items() if stock.get(k) != v})
END
}
row ''
row 'path /var/cr#ash'
row 'path'
row 'default reboot\nfailure_action shell\n'
row 'default shell\n'
row 'ext4 /dev/sda1\nnfs a:/b\n'
row 'ext4 /dev/sda1\next4 /dev/sdb1\n'
row 'path /a\npath /b\n'
row 'net a:/b\n'
row 'link_delay 60\n'
for key in 'override_resettable 1' 'debug 1' 'PATH /x' 'ext5 /dev/sda' 'nfs4 a:/b' 'zfs tank/x'; do
	row "$key\n"
done
row 'failure_action mount_root_run_init\n'
row 'final_action shell\n'
row 'core_collector "makedumpfile -l -d 31"\n'
row 'dracut_args --mount "/dev/sda1 /x ext4 rw" --mount "/dev/sdb1 /y ext4 rw"\n'
row '\tpath\t\t/x\t# c\n'
row 'auto_reset_crashkernel maybe\n'
row 'force_rebuild 2\n'
row 'virtiofs myfs\npath /x y z\n'
echo "# how start says it"
say() {
	printf "$1" >m/etc/kdump.conf
	kdumpctl --root m start || echo "exit $?"
}
say 'path\n'
say 'default reboot\nfailure_action shell\n'
say 'ext4 /dev/sda1\nnfs a:/b\n'
say 'path /a\npath /b\n'
say 'net a:/b\n'
say 'override_resettable 1\n'
say 'failure_action mount_root_run_init\n'
say 'final_action shell\n'
say 'dracut_args --mount "/dev/sda1 /x ext4 rw" --mount "/dev/sdb1 /y ext4 rw"\n'
say 'force_rebuild 2\n'

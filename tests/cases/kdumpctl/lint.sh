# lint finds everything at once, and says what to write instead.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
lint() {
	bin/kdumpctl --root m lint "$@" || echo "exit $?"
}
echo "# as installed"
lint
echo "# a file of fifteen years ago"
cat >old.conf <<'END'
#raw /dev/sda5
net root@server.example
path /var/crash
core_collector makedumpfile -c
link_delay 60
disk_timeout 30
options bonding mode=active-backup
blacklist qla2xxx lpfc
debug_mem_level 3
default shell
paht /x
Kdump_Post /x
END
lint old.conf
echo "# as JSON"
lint --json old.conf
cp old.conf m/etc/kdump.conf
echo "# a mistake in the file: the machine is not looked at"
lint | tail -1
echo "# the machine"
cat >m/etc/kdump.conf <<'END'
extra_modules gone
core_collector makedumpfile -l
dracut_args --add "network fips" --add-drivers "extra lost" --omit-drivers "spare ext4" --xz --nonsense -i /etc/none /etc/some -I /bin/none
END
lint
printf 'KDUMP_COMMANDLINE_APEND="x"\nKDUMP_STDLOGLVL=4' >m/etc/sysconfig/kdump
echo 'path /nowhere' >m/etc/kdump.conf
lint
echo "# no such file"
lint gone.conf
lint --nonsense

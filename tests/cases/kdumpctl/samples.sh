# The installed configuration files are valid, and what they show as default is the default.
. "$SRC/tests/cases/kdumpctl/machine.inc"
. "$SRC/tests/cases/kdumpctl/programs.inc"
line() { # the capture kernel's command line, which start tells at level 4
	echo 'KDUMP_STDLOGLVL=4' >>m/etc/sysconfig/kdump
	bin/kdumpctl --root m start 2>&1 | grep -v 'HdrS\|made in'
}
line >bare
rm m/boot/*.img
cp "$SRC/conf/kdump.conf" m/etc/kdump.conf
cp "$SRC/conf/sysconfig-kdump" m/etc/sysconfig/kdump
line >samples
sed 's/^#\(K[A-Z_]*=\)/\1/' "$SRC/conf/sysconfig-kdump" >m/etc/sysconfig/kdump
rm m/boot/*.img
line >shown
cmp bare samples
cmp bare shown
cat shown

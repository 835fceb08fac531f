#!/bin/bash
# dracut module: the capture kernel loaded from the production initramfs, before the root file system is
# there (rd.earlykdump on the command line). Only when asked for: dracut --add earlykdump.

check() {
	return 255
}

depends() {
	echo base
}

install() {
	local key value kernel="" image=""
	local early=$initdir/usr/lib/early-kdump

	while read -r key value; do
		case $key in
		kernel) kernel=$value ;;
		image) image=$value ;;
		args | command-line)
			mkdir -p "$early"
			printf '%s' "$value" >"$early/$key" ;;
		esac
	done < <(kdumpctl _early-files)
	if [ -z "$kernel" ] || [ -z "$image" ]; then
		derror "earlykdump: kdumpctl names no kernel and image; nothing is installed"
		return 1
	fi
	inst_simple "$kernel" /usr/lib/early-kdump/kernel
	inst_simple "$image" /usr/lib/early-kdump/image
	inst_multiple kexec cat
	inst_hook cmdline 00 "$moddir/early-kdump.sh"
}

#!/bin/sh
# Run from the cmdline hook of dracut, or by initramfs-tools.
[ "${1:-}" = prereqs ] && exit 0 # a question of initramfs-tools
early=/usr/lib/early-kdump
early_kdump_wanted() {
	case " $(cat /proc/cmdline) " in
	*" rd.earlykdump=0 "* | *" rd.earlykdump=no "*) return 1 ;;
	*" rd.earlykdump "* | *" rd.earlykdump="*) return 0 ;;
	esac
	return 1
}
early_kdump_load() {
	if [ "$(cat /sys/kernel/kexec_crash_loaded 2>/dev/null)" != 0 ]; then
		echo "early-kdump: nothing to do: kexec is not supported, or a capture kernel is loaded" >&2
		return 0
	fi
	echo "early-kdump is enabled." >&2
	# the arguments are words
	# shellcheck disable=SC2046
	if kexec $(cat $early/args) -p --command-line="$(cat $early/command-line)" --initrd=$early/image $early/kernel; then
		echo "kexec: loaded early-kdump kernel" >&2
	else
		echo "kexec: failed to load early-kdump kernel" >&2
	fi
}
if early_kdump_wanted; then
	early_kdump_load
fi

# Exit codes that scripts rely on, and that nothing happens where nothing can be done.
. "$SRC/tests/cases/kexec/machine.inc"
status kexec --root=m -S
status kexec --root=m -l -S
status kexec --root=m -S -d
status kexec --root=m --print-ckr-size
status kexec --root=m -e
rm m/sys/kernel/kexec_crash_loaded
status kexec --root=m --status
mkdir empty
status kexec --root=empty --print-ckr-size
status kexec --root=empty -e

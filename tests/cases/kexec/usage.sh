# Bad command lines are refused before anything is read.
. "$SRC/tests/cases/kexec/machine.inc"
status kexec
status kexec --nonsense
status kexec -l one two
status kexec --load-preserve-context -l vmlinuz
status kexec --root=m -l
status kexec --root=m -l vmlinuz
status kexec --root=m -u
status kexec -u -p vmlinuz
status kexec -u -l --check vmlinuz
status kexec --check -u
status kexec --check -e
status kexec --mem-max=here -l vmlinuz
status kexec --help

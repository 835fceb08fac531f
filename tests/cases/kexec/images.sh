# Plans for each type of image, made by the builder; and what is refused.
. "$SRC/tests/cases/kexec/machine.inc"
make() { "$BUILD/tests/make/mkimage" "$@"; }
plan() {
	echo "\$ kexec $*"
	kexec --root=m --check -d "$@" 2>&1 | sed "/^memory map/,/^command line/{/^  /d}; s/purgatory  .*/purgatory/" || :
}
make bzimage >bz64
make bzimage xload=0 initrd-max=0x37ffffff >bz32
make elf linux=1 loads=3 entry=0x1000040 >vmlinux
make elf bits=32 linux=1 >vmlinux32
make elf pa=0x1400000 >elf64
make elf bits=32 multiboot=1 >mb1
make elf bits=32 multiboot=2 mb-relocatable=1 >mb2
gzip -nc bz64 >bz64.gz
make uki linux=@bz64.gz initrd=@initrd cmdline="t:root=LABEL=x\scrashkernel=192M" osrel='t:PRETTY_NAME="Test\sOS"' >linux.efi
make zboot payload=@bz64.gz >vmlinuz.efi
make uimage payload=@bz64 name=linux >uImage
xz -c linux.efi >linux.efi.xz
zstd -qc vmlinux >vmlinux.zst
echo module >module
plan -p bz32 --initrd=initrd --append=quiet
plan -l bz64 -c --entry-32bit
plan -p vmlinux --initrd=initrd --append=quiet
plan -l vmlinux.zst
plan -l vmlinux32 --append=quiet
plan -l elf64 --append="some words"
plan -l elf64 --args-none
plan -l elf64 --args-linux
plan -l mb1 --module="module with words" --module=initrd --append=quiet
plan -p mb2 --module=module
plan -l mb1 --type=elf-x86
plan -p linux.efi
plan -p linux.efi.xz --append=mine --initrd=initrd --initrd=module
plan -p vmlinuz.efi -c
plan -p uImage -s
plan -p bz64 --pass-memmap-cmdline
plan -l --load-jump-back-helper --entry=0x123000
status kexec --root=m --check -p vmlinux32
status kexec --root=m --check -s -l vmlinux
status kexec --root=m --check -l mb1 --initrd=initrd
status kexec --root=m --check -l bz64 --module=module
status kexec --root=m --check -l bz64 --dtb=initrd
status kexec --root=m --check -l bz64 --type=nonsense
status kexec --root=m --check -l bz64 --type=uki
for one in "elf machine=21" "elf machine=183" "elf machine=22" "magic off=56 data=x:41524d64" "magic data=x:3613031b"; do
	make $one >foreign
	status kexec --root=m --check -l foreign
done
head -c 3000 vmlinux >cut
status kexec --root=m --check -l cut
head -c 80 bz64.gz >cut
status kexec --root=m --check -l cut
status kexec --root=m --check -l m/proc/cmdline

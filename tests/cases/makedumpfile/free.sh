# What is left out as free is compared with the dead kernel's own counter.
run() {
	"$BUILD/tests/make/mkmachine" "$@" >machine.elf
	makedumpfile -f -l -d "$level" --message-level 18 machine.elf out | grep -e "Free pages" -e "By their" -e level
	makedumpfile -f -E -d "$level" --message-level 2 machine.elf out | grep -e "By their" -e level || echo "-E says no more"
}
level=31
run 64
run 64 1000
# nothing is left out as free: nothing to compare
level=15
run 64 1000

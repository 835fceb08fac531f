# What --help lists is what the shell completes, no more and no less.
check() { # PROGRAM FUNCTION
	"$1" --help | sed -n 's/^  -\(.\).*/-\1/p' | sort >shorts.txt
	"$1" --help | sed -n 's/^  \(-., \|    \)\(--[a-z_-]*=\{0,1\}\).*/\2/p' | sort >longs.txt
	bash -c ". '$SRC/completion/$1'; COMP_WORDS=($1 -); COMP_CWORD=1; $2; printf '%s\n' \"\${COMPREPLY[@]}\"" |
		sort -u >offered.txt
	grep '^--' offered.txt >offered-long.txt
	grep -v '^--' offered.txt >offered-short.txt
	diff longs.txt offered-long.txt && diff shorts.txt offered-short.txt && echo "$1: the same"
}
check makedumpfile _makedumpfile
check vmcore-dmesg _vmcore_dmesg

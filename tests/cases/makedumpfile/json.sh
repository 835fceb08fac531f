# Everything that is told as JSON lines, on the stream that the dump is not on.
. "$SRC/tests/cases/makedumpfile/input.inc"
told() { sed '/"event":"progress"/{/100\.0/!d}; s/"\(eta_s\|filter_s\|copy_s\|bytes_written\)":[0-9.]*/"\1":N/g; s/ : [0-9.]* seconds/ : TIME/'; }
makedumpfile --json -l -d 1 dump.elf out | told
makedumpfile --json --message-level 0 -l -d 1 -f dump.elf out | told
makedumpfile --json -F -l -d 1 dump.elf 2>told >stream
told <told
makedumpfile --json --message-level 2 -R back <stream
makedumpfile --json --message-level 6 dump.elf out || echo "exit $?"
makedumpfile --json --message-level 4 nothing out || echo "exit $?"
makedumpfile --json --message-level 2 --split --splitblock-size 64 -d 1 dump.elf a b | told
salvage-collect --json --message-level 4 -d 1 -L 100000 dump.elf small | told
makedumpfile --json --message-level 0 --mem-usage dump.elf | told
makedumpfile --json --check-params -d 1 dump.elf out && echo ok

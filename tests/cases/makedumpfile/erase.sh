# --config: rules are read before anything is done, and what they cannot do is said.
. "$SRC/tests/cases/makedumpfile/input.inc"
"$BUILD/tests/make/mkmachine" >machine
rules() { printf "$1" >rules; }
rules 'erase a size\n'
status makedumpfile --check-params --config rules -l machine out
status makedumpfile --config rules -l machine out
status makedumpfile --config nowhere -l machine out
rules 'erase init_task.comm\n[absent]\nerase x\n'
status makedumpfile --check-params --config rules -l machine out
status makedumpfile --message-level 6 --config rules -l machine out
status makedumpfile --config rules -R out
status makedumpfile --config rules --reassemble machine out
test -s out

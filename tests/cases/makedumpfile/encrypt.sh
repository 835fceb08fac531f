# Dumps encrypted for public keys: age opens ours, we open age's; cut files, wrong keys, bad words.
. "$SRC/tests/cases/makedumpfile/input.inc"
age-keygen -o key 2>/dev/null
age-keygen -o other 2>/dev/null
to=$(age-keygen -y key)
{
	echo "# who may read dumps"
	age-keygen -y other
	echo " $to"
} >readers

makedumpfile --message-level 0 -l -d 31 dump.elf plain
run makedumpfile --message-level 2 -l -d 31 --recipients-file readers dump.elf sealed
stat -c 'mode %a' sealed
grep -c '^-> X25519' sealed
for key in key other; do
	age -d -i $key sealed >stream
	makedumpfile --message-level 0 -f -R again <stream
	cmp plain again && echo "age -d -i $key, then -R: the same"
done
makedumpfile --message-level 0 -f --identity key -R again <sealed
cmp plain again && echo "-R --identity: the same"
makedumpfile --message-level 0 -f --identity other -l -d 31 sealed again
cmp plain again && echo "filtered again: the same"
makedumpfile --message-level 0 -F -l -d 31 dump.elf | age -r "$to" >by-age
salvage verify --quiet --identity key by-age
makedumpfile --message-level 0 -E -d 31 --encrypt "$to" dump.elf sealed-elf
salvage verify --quiet --identity key sealed-elf
salvage-collect --message-level 0 --fd 1 -l -d 31 --encrypt "$to" dump.elf | age -d -i key | cmp - stream &&
	echo "to a descriptor: the same"
makedumpfile --message-level 0 --split -l --encrypt "$to" dump.elf part1 part2
salvage verify --quiet --identity key part2 part1

echo "# without the key"
status makedumpfile -l -d 31 sealed nothing
status sh -c 'makedumpfile -R nothing <sealed'
age-keygen -o stranger 2>/dev/null
status salvage verify --identity stranger sealed
status salvage report --identity readers sealed
status vmcore-dmesg sealed
status crash sealed

echo "# cut"
head -c 150000 sealed >cut
status salvage verify --quiet --identity key cut
age -d -i key cut 2>/dev/null >stream || :
stat -c 'age gives %s bytes' stream
status makedumpfile --message-level 6 --identity key -l -d 31 cut rest
makedumpfile --message-level 4 --identity key -R rest2 <cut || echo "exit $?"

echo "# words"
status makedumpfile --encrypt hello dump.elf nothing
status sh -c 'makedumpfile --encrypt "$(grep AGE key)" dump.elf nothing'
status makedumpfile --recipients-file key dump.elf nothing
status makedumpfile --identity nowhere dump.elf nothing
status makedumpfile --recipients-file readers -R nothing
status makedumpfile --recipients-file readers --check-params -l dump.elf nothing
test ! -e nothing

# the service waits for the network where it needs one
for line in 'ssh root@server' '  nfs server:/x' 'fence_kdump_nodes a b' '#ssh root@server' 'sshkey /k' 'ext4 /dev/vdb'; do
	rm -rf out; mkdir out
	printf 'path /x\n%s\n' "$line" >conf
	KDUMP_CONF=conf sh "$SRC/units/kdump-dep-generator" out late early
	echo "# $line"
	find out -type f | sort
done
printf 'ssh root@server\n' >conf
KDUMP_CONF=conf sh "$SRC/units/kdump-dep-generator" out late early
cat out/kdump.service.d/50-network.conf
rm -rf out; mkdir out
KDUMP_CONF=none sh "$SRC/units/kdump-dep-generator" out late early
ls out

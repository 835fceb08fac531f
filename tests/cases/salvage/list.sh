# Dump folders of ours, of the classic tools, and things that are neither.
mkdir -p c/127.0.0.1-2026-11-21-21:52:49 c/127.0.0.1-2026-11-21-22:00:00 c/202611212152 c/lost+found
head -c 3000000 /dev/zero >c/127.0.0.1-2026-11-21-21:52:49/vmcore
echo '{"schema": "salvage.report/1", "headline": "NULL pointer dereference in f+0x1 [m]"}' \
	>c/127.0.0.1-2026-11-21-21:52:49/report.json
echo x >c/127.0.0.1-2026-11-21-22:00:00/vmcore-incomplete
echo x >c/202611212152/dmesg.202611212152
salvage list c
salvage list --json c

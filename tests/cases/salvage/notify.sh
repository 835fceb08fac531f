# Each saved crash is told of once: in the journal, and at the login.
mkdir -p m/etc m/run/systemd/journal m/var/crash/127.0.0.1-2026-11-21-21:52:49 m/var/crash/127.0.0.1-2026-11-22-22:00:00
for d in m/var/crash/*; do echo x >$d/vmcore; done
printf '{"schema": "salvage.report/1", "headline": "NULL pointer dereference in \\u001b[31mf+0x1"}\n' >m/var/crash/127.0.0.1-2026-11-21-21:52:49/report.json
cat >journal.py <<'E'
import socket, sys, os
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("m/run/systemd/journal/socket")
s.settimeout(0.3)
open("ready", "w").close()
for _ in range(10):
    try:
        print("--- journal\n" + s.recv(65536).decode().replace("\x1b", "ESC"), end="", flush=True)
    except TimeoutError:
        if os.path.exists("done"):
            break
E
python3 journal.py >said &
until [ -e ready ]; do sleep 0.05; done
echo "# first"
salvage notify --root m | sed 's/\x1b/ESC/'
cat m/run/motd.d/90-salvage
echo "# nothing new"
rm m/run/motd.d/90-salvage
salvage notify --root m
ls m/run/motd.d
echo "# one more"
mkdir m/var/crash/127.0.0.1-2026-11-23-00:00:00
echo x >m/var/crash/127.0.0.1-2026-11-23-00:00:00/vmcore
salvage notify --root m
cat m/run/motd.d/90-salvage
: >done
wait
cat said
echo "# no journal, no folder"
rm -r m/run m/var/crash
salvage notify --root m
salvage notify x || echo "(exit $?)"

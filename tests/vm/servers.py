"""Servers on the test host that guests dump to: sshd and a user-space NFS server, each with its
files in a folder of the test and on a port of the loopback interface. QEMU's user network shows
them to the guest as 10.0.2.2 (a port of the host) or 10.0.2.100 (a port of its own)."""
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import lab

CARD = "52:54:00:5a:1f:01"
OWN = "10.0.2.15"
HOST = "10.0.2.2"
NFS = "10.0.2.100"
MODULES = ["kernel/drivers/net/virtio_net", "kernel/drivers/net/net_failover", "kernel/net/core/failover",
           "kernel/drivers/net/ethernet/intel/e1000e", "kernel/drivers/ptp", "kernel/drivers/pps",
           "kernel/drivers/net/bonding", "kernel/net/8021q", "kernel/net/802", "kernel/net/llc", "kernel/net/bridge",
           "kernel/net/sunrpc", "kernel/fs/nfs", "kernel/fs/nfs_common", "kernel/fs/lockd", "kernel/fs/fscache",
           "kernel/fs/netfs", "kernel/fs/nfs_ssc", "kernel/net/dns_resolver", "kernel/net/tls", "kernel/security/keys"]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process, what, address="127.0.0.1"):
    for _ in range(200):
        if process.poll() is not None:
            break
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as s:
            if s.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"{what} does not start")


class Ssh:
    """An sshd for the user who runs the tests, with a key of its own; the guest gets ssh, the
    private key and the server's key."""
    own, host, loopback = OWN, HOST, "127.0.0.1"

    def __init__(self, work):
        self.work, self.port = work / "sshd", free_port()
        self.dumps = work / "server" / "dumps"
        self.process = None

    def start(self):
        self.work.mkdir()
        self.dumps.mkdir(parents=True)
        os.makedirs("/run/sshd", exist_ok=True)
        for name in ("host", "client"):
            lab.sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / name)
        shutil.copy(self.work / "client.pub", self.work / "authorized")
        (self.work / "authorized").chmod(0o600)
        (self.work / "config").write_text(
            f"Port {self.port}\nListenAddress {self.loopback}\nHostKey {self.work}/host\nPidFile {self.work}/pid\n"
            f"AuthorizedKeysFile {self.work}/authorized\nStrictModes no\nUsePAM no\n"
            "PermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")
        # what goes wrong later, see scenarios.py
        lab.sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.work / "other")
        for name, script in {"key-refused": "echo >authorized",
                             "host-key-changed": "cp other host; kill -HUP $(cat pid)"}.items():
            (self.work / name).write_text(f"#!/bin/sh\ncd {self.work}\n{script}\n")
            (self.work / name).chmod(0o755)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", self.work / "config"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(self.work / "log", "w"))
        wait_for(self.port, self.process, "sshd", self.loopback)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def lay(self, tree):
        user = lab.sh("id", "-un").strip()
        for program in ("ssh", "ssh-keygen"):
            lab.copy_program(f"/usr/bin/{program}", tree, "usr/bin")
        # where Debian keeps libraries
        (tree / "etc/ld.so.conf").write_text("/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n")
        ssh = tree / "root/.ssh"
        ssh.mkdir(parents=True)
        ssh.chmod(0o700)
        shutil.copy(self.work / "client", ssh / "kdump_id_rsa")
        (ssh / "kdump_id_rsa").chmod(0o600)
        (ssh / "config").write_text(f"Host {self.host}\n\tPort {self.port}\n")
        key = (self.work / "host.pub").read_text().split()
        (ssh / "known_hosts").write_text(f"[{self.host}]:{self.port} {key[0]} {key[1]}\n")
        return f"ssh {user}@{self.host}\npath {self.dumps}\n"

    def qemu(self):
        return ["-netdev", "user,id=net0", "-device", f"virtio-net-pci,netdev=net0,mac={CARD}"]


class Trunk(threading.Thread):
    """A cable between two of QEMU's sockets that frames cross: tagged with VLAN 5 on the guest's
    side, plain on the side of the user network, which knows no tags."""
    TAG = b"\x81\x00\x00\x05"

    def __init__(self):
        super().__init__(daemon=True)
        self.guest, self.plain = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for s in (self.guest, self.plain):
            s.bind(("127.0.0.1", 0))
            s.settimeout(0.5)
        self.guest_port, self.plain_port = free_port(), free_port()
        self.tagged = self.done = 0

    def pump(self, source, to, port, change):
        while not self.done:
            try:
                frame = change(source.recv(65536))
            except TimeoutError:
                continue
            if frame:
                to.sendto(frame, ("127.0.0.1", port))

    def strip(self, frame):
        if frame[12:16] != self.TAG:
            return None  # another network's business
        self.tagged += 1
        return frame[:12] + frame[16:]

    def run(self):
        back = threading.Thread(daemon=True, target=self.pump, args=(
            self.plain, self.guest, self.guest_port, lambda f: f[:12] + self.TAG + f[12:]))
        back.start()
        self.pump(self.guest, self.plain, self.plain_port, self.strip)

    def qemu(self):
        hub = []
        for i, (name, parts) in enumerate({
                "guest": f"socket,udp=127.0.0.1:{self.guest.getsockname()[1]},localaddr=127.0.0.1:{self.guest_port}",
                "plain": f"socket,udp=127.0.0.1:{self.plain.getsockname()[1]},localaddr=127.0.0.1:{self.plain_port}",
                "user": "user"}.items()):
            hub += ["-netdev", f"{parts},id={name}", "-netdev",
                    f"hubport,id=hub-{name},hubid={0 if name == 'guest' else 1},netdev={name}"]
        for i in (1, 2):  # two cards in the guest, one network
            hub += ["-netdev", f"hubport,id=card{i},hubid=0",
                    "-device", f"virtio-net-pci,netdev=card{i},mac={CARD[:-1]}{i}"]
        return hub


class SshTrunk(Ssh):
    """The server is in VLAN 5, and the guest has a bond to it."""

    def __init__(self, work):
        super().__init__(work)
        self.trunk = Trunk()

    def start(self):
        super().start()
        self.trunk.start()

    def stop(self):
        self.trunk.done = 1
        super().stop()

    def lay(self, tree):
        (tree / "bin/ip").unlink()  # busybox' knows no lifetimes
        lab.copy_program("/usr/sbin/ip", tree, "bin")
        return super().lay(tree)

    def qemu(self):
        return self.trunk.qemu()


class SshV6(Ssh):
    """Over version 6; a router tells the guest its address."""
    own, host, loopback = "fd00:5a::5054:ff:fe5a:1f01", "fd00:5a::2", "::1"

    def qemu(self):
        return ["-netdev", "user,id=net0,ipv4=off,ipv6=on,ipv6-prefix=fd00:5a::,ipv6-prefixlen=64,ipv6-host=fd00:5a::2",
                "-device", f"virtio-net-pci,netdev=net0,mac={CARD}"]


class Nfs:
    """nfs-ganesha over a folder. The guest sees it on the usual port of 10.0.2.100."""
    own = OWN

    def __init__(self, work):
        self.work, self.port = work / "nfsd", free_port()
        self.dumps = work / "server" / "dumps"
        self.process = None

    def start(self):
        self.work.mkdir()
        self.dumps.mkdir(parents=True)
        os.makedirs("/var/run/ganesha", exist_ok=True)
        (self.work / "config").write_text(
            f"NFS_CORE_PARAM {{ NFS_Port = {self.port}; Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; "
            f"Bind_addr = 127.0.0.1; }}\n"
            f"NFSv4 {{ Graceless = true; RecoveryBackend = fs; RecoveryRoot = {self.work}; }}\n"
            f"EXPORT {{ Export_Id = 1; Path = {self.dumps.parent}; Pseudo = /export; Access_Type = RW; "
            "Squash = No_Root_Squash; SecType = sys; Protocols = 4; Transports = TCP; FSAL { Name = VFS; } }\n")
        self.process = subprocess.Popen(["ganesha.nfsd", "-F", "-f", self.work / "config", "-L", self.work / "log",
                                         "-p", self.work / "pid"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process, "ganesha.nfsd")

    stop = Ssh.stop

    def lay(self, tree):
        return f"nfs {NFS}:/export\npath /dumps\n"

    def qemu(self):
        forward = f"guestfwd=tcp:{NFS}:2049-cmd:/bin/busybox nc 127.0.0.1 {self.port}"
        return ["-netdev", f"user,id=net0,{forward}", "-device", f"virtio-net-pci,netdev=net0,mac={CARD}"]


KINDS = {"ssh": Ssh, "nfs": Nfs, "ssh-trunk": SshTrunk, "ssh-v6": SshV6}


def lay_modules(kernel, tree):
    modules = tree / "lib/modules" / kernel.release
    for name in MODULES:
        if (kernel.modules / name).is_dir():
            shutil.copytree(kernel.modules / name, modules / name, dirs_exist_ok=True)
        for one in kernel.modules.glob(name + ".ko*"):
            (modules / name).parent.mkdir(parents=True, exist_ok=True)
            if not (modules / name).parent.joinpath(one.name).exists():
                shutil.copy(one, (modules / name).parent)
    lab.sh("depmod", "-b", tree, kernel.release)


# A command for the server from the guest's own system; {DUMPS} is its folder.
ON_SERVER = f"on_server() {{ ssh -i /root/.ssh/kdump_id_rsa -o BatchMode=yes {HOST} \"$@\"; }}\n"

# How the guest's own system sets its network up: names as udev might have given them.
STATIC = f"""
modprobe virtio_net
ip link set eth0 name lan0
ip link set lan0 up
ip addr add {OWN}/24 dev lan0
ip route add default via {HOST}
"""

BRIDGE = f"""
modprobe virtio_net; modprobe bridge
ip link set eth0 name lan0
brctl addbr br0; brctl addif br0 lan0
ip link set lan0 up; ip link set br0 up
ip addr add {OWN}/24 dev br0
ip route add default via {HOST}
"""
ROUTER = """
modprobe virtio_net
ip link set eth0 name lan0
ip link set lan0 up
n=0; while ! ip -6 addr show dev lan0 | grep fd00: | grep -vq tentative && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done
"""

# A VLAN on a bond whose address is lent: for longer than until the crash, but then the clock goes
# on by a day.
TRUNK = f"""
modprobe virtio_net; modprobe bonding max_bonds=0; modprobe 8021q
ip link set eth0 name lan0; ip link set eth1 name lan1
ip link add bond0 type bond mode active-backup miimon 100
ip link set lan0 master bond0; ip link set lan1 master bond0
ip link set bond0 up
ip link add link bond0 name storage type vlan id 5
ip link set storage up
ip addr add {OWN}/24 dev storage valid_lft 3000 preferred_lft 3000
ip route add default via {HOST}
"""
A_DAY_LATER = "date -s @$(($(date +%s) + 86400)); hwclock -w -u"

/* A process with something of everything that the analyzer's commands show: System V objects, sockets
 * over the loopback interface, a BPF map and program, events in the trace buffer. It stays until the
 * machine dies; the caller goes on when all is there. */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing"

static void must(int ok, const char *what)
{
	if (!ok)
		err(1, "%s", what);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0, path);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static void make_ipc(void)
{
	struct { long type; char text[8]; } message = {1, "hello"};
	int shm = shmget(0x1234, 12288, IPC_CREAT | 0640), sem = semget(0x1235, 3, IPC_CREAT | 0600);
	int msg = msgget(0x1236, IPC_CREAT | 0600);

	must(shm >= 0 && shmat(shm, NULL, 0) != (void *)-1, "shmget");
	must(sem >= 0, "semget");
	must(msg >= 0 && msgsnd(msg, &message, sizeof(message.text), 0) == 0, "msgget");
}

static void bring_up_loopback(void)
{
	struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0, "lo");
	close(fd);
}

static struct sockaddr_in local(unsigned short port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void make_sockets(void)
{
	struct sockaddr_in at = local(7777), there = local(7777), udp = local(5353);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, caller, datagrams, unix_one;

	must(listener >= 0, "socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	must(bind(listener, (void *)&at, sizeof(at)) == 0 && listen(listener, 1) == 0, "listen");
	caller = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(caller, (void *)&there, sizeof(there)) == 0 && accept(listener, NULL, NULL) >= 0, "connect");
	datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	must(bind(datagrams, (void *)&udp, sizeof(udp)) == 0, "bind");
	unix_one = socket(AF_UNIX, SOCK_STREAM, 0);
	must(unix_one >= 0, "unix");
}

static void make_bpf(void)
{
	union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 5, .map_name = "busy_map"};
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 7},
		{.code = BPF_JMP | BPF_EXIT},
	};
	union bpf_attr prog = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2, .insns = (unsigned long)code,
		.license = (unsigned long)"GPL", .prog_name = "busy_prog",
	};

	must(syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)) >= 0, "bpf map");
	must(syscall(SYS_bpf, BPF_PROG_LOAD, &prog, sizeof(prog)) >= 0, "bpf program");
}

static void trace(void)
{
	mkdir(TRACING, 0700);
	mount("tracefs", TRACING, "tracefs", 0, NULL); /* it may be there already */
	put(TRACING "/events/sched/sched_switch/enable", "1");
	put(TRACING "/trace_marker", "hello from busy\n");
}

int main(void)
{
	int ready[2];
	char c = 0;

	must(pipe(ready) == 0, "pipe");
	if (fork() == 0) {
		make_ipc();
		bring_up_loopback();
		make_sockets();
		make_bpf();
		trace();
		must(write(ready[1], &c, 1) == 1, "pipe");
		for (;;)
			pause();
	}
	close(ready[1]);
	return read(ready[0], &c, 1) == 1 ? 0 : 1;
}

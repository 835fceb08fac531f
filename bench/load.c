/*
 * Loads the guest whose memory the benches are measured with (vmcore.py), as a busy server's is:
 * files in the page cache, many inodes and dentries, processes with heaps, page tables, data on
 * its way in pipes and sockets, shared memory, and memory that was used and is free again, in
 * pieces. Argument: a folder with files to fill things with. Never ends its children: they are to
 * be there when the machine dies.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static size_t cache_left = 1200 * MIB;
static unsigned char *sample; /* bytes of real files: what buffers are filled with */
static size_t sample_len, sample_room = 192 * MIB;
static uint64_t seed = 88172645463325252ull;

static uint64_t number(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static void say(const char *what)
{
	printf("BENCH: %s\n", what);
	fflush(stdout);
}

static void read_file(const char *path)
{
	static char buf[256 << 10];
	int fd = open(path, O_RDONLY);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0) {
		size_t take = n;

		cache_left -= cache_left > take ? take : cache_left;
		if (take > sample_room - sample_len)
			take = sample_room - sample_len;
		memcpy(sample + sample_len, buf, take);
		sample_len += take;
	}
	if (fd >= 0)
		close(fd);
}

static void read_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char sub[4096];

	while (d && cache_left && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		if (e->d_type == DT_DIR)
			read_tree(sub);
		else if (e->d_type == DT_REG)
			read_file(sub);
	}
	if (d)
		closedir(d);
}

/* Sessions, mails, locks: small files by the ten thousand. */
static void small_files(int n)
{
	char path[64], text[400];

	mkdir("/files", 0755);
	if (mount("files", "/files", "tmpfs", 0, "size=3g,nr_inodes=400000"))
		perror("tmpfs");
	for (int i = 0; i < n; i++) {
		int fd;

		if (i % 1000 == 0) {
			snprintf(path, sizeof(path), "/files/%d", i / 1000);
			mkdir(path, 0755);
		}
		snprintf(path, sizeof(path), "/files/%d/session-%08llx", i / 1000,
			 (unsigned long long)number() & 0xffffffff);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
		if (i % 4 == 0 && fd >= 0)
			(void)!write(fd, text, snprintf(text, sizeof(text), "user=%d\nsince=%d\n", i % 997, i * 7));
		close(fd);
	}
}

static const unsigned char *sample_at(size_t len)
{
	return sample + number() % (sample_len - len) / 8 * 8;
}

/* Large shared files: half of them as they come out of a compressor. */
static void shared_memory(size_t len)
{
	static uint64_t buf[8192];
	int fd = open("/files/shared", O_RDWR | O_CREAT, 0600);

	for (size_t at = 0; at < len; at += sizeof(buf)) {
		memcpy(buf, sample_at(sizeof(buf)), sizeof(buf));
		for (size_t i = 0; at & sizeof(buf) && i < 8192; i++)
			buf[i] = number();
		(void)!write(fd, buf, sizeof(buf));
	}
}

/* Memory of the kernel's own: what was sent and not read yet. */
static void on_its_way(int pipes, int sockets)
{
	struct rlimit many = { 65536, 65536 };

	setrlimit(RLIMIT_NOFILE, &many);
	for (int i = 0; i < pipes; i++) {
		int p[2];

		if (pipe2(p, O_NONBLOCK))
			break;
		(void)fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
		while (write(p[1], sample_at(65536), 65536) == 65536)
			;
	}
	for (int i = 0; i < sockets; i++) {
		int s[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s))
			break;
		while (write(s[1], sample_at(8192), 8192) == 8192)
			;
	}
}

/* A process: a heap of records with pointers, text, counters; and a wide address space. */
static void live(int nr, size_t heap)
{
	size_t words = heap / 8;
	uint64_t *p = mmap(NULL, heap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *wide = mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	seed += (uint64_t)nr * 0x9e3779b97f4a7c15ull;
	madvise((void *)wide, (size_t)1 << 30, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < words; i += 512) {
		switch (number() % 4) {
		case 0: /* records */
			for (size_t k = 0; k < 512; k += 8) {
				p[i + k] = (uintptr_t)(p + number() % words);
				p[i + k + 1] = (uintptr_t)(p + i + k);
				p[i + k + 2] = number() % 5000;
			}
			break;
		case 1: /* text and code */
			memcpy(p + i, sample_at(4096), 4096);
			break;
		case 2: /* what a compressor or a cipher made */
			for (size_t k = 0; k < 512; k++)
				p[i + k] = number();
			break;
		case 3: /* touched, still zero */
			*(volatile uint64_t *)&p[i] = 0;
			break;
		}
	}
	for (size_t at = 0; at < (size_t)1 << 30; at += 8 * MIB + (number() % 64) * 4096)
		(void)wide[at];
}

int main(int argc, char **argv)
{
	int done[2];
	char c;

	sample = malloc(sample_room);
	if (argc != 2 || !sample || pipe(done))
		return 1;
	read_tree(argv[1]);
	say("files read");
	small_files(160000);
	say("small files");
	shared_memory(400 * MIB);
	on_its_way(180, 400);
	say("pipes");
	for (int i = 0; i < 240; i++) {
		if (fork() == 0) {
			live(i, i % 8 == 0 ? 24 * MIB : 4 * MIB);
			(void)!write(done[1], "", 1);
			if (i % 6 == 5) /* gone again: leaves holes */
				_exit(0);
			for (;;)
				pause();
		}
		/* four at a time */
		if (i >= 4)
			(void)!read(done[0], &c, 1);
	}
	sleep(5);
	say("processes");
	if (fork() == 0) /* keeps the pipes open */
		for (;;)
			pause();
	return 0;
}

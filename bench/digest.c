/* digest [OTHER.so]: MB/s of purgatory's digest by every unit of this CPU, beside a SHA-256 written as the
 * standard words it (FIPS 180-4), built with the same -O2, and beside kexec-tools' own, which
 * kexec.py builds as OTHER.so out of its source, at -O2 too. Best of five runs of 64 MiB each. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "purgatory/lanes.h"

#define LEN (64u << 20)

static uint32_t rotr(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void textbook_block(uint32_t h[8], const unsigned char *p)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 |
		       p[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
		       (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) +
			      ((v[4] & v[5]) ^ (~v[4] & v[6])) + sha256_k[i] + w[i];
		uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) +
			      ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		v[7] = v[6];
		v[6] = v[5];
		v[5] = v[4];
		v[4] = v[3] + t1;
		v[3] = v[2];
		v[2] = v[1];
		v[1] = v[0];
		v[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* other work on the machine does not count */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static volatile uint32_t sink;

/* kexec-tools 2.0: util_lib/include/sha256.h; its context is below 256 bytes. */
static struct {
	void (*start)(void *context);
	void (*update)(void *context, const unsigned char *bytes, unsigned int len);
	void (*finish)(void *context, unsigned char digest[32]);
} tools;

enum { TOOLS = -2, TEXTBOOK = -1 };

static int load_tools(const char *path)
{
	void *so = dlopen(path, RTLD_NOW);

	if (so) {
		*(void **)&tools.start = dlsym(so, "sha256_starts");
		*(void **)&tools.update = dlsym(so, "sha256_update");
		*(void **)&tools.finish = dlsym(so, "sha256_finish");
	}
	if (!so || !tools.start || !tools.update || !tools.finish) {
		fprintf(stderr, "digest: %s: %s\n", path, dlerror());
		return 1;
	}
	return 0;
}

static const char *name_of(int unit)
{
	return unit == TOOLS ? "kexec-tools" : unit == TEXTBOOK ? "textbook SHA-256" : lanes_unit_name((enum lanes_unit)unit);
}

static double run(int unit, const unsigned char *bytes)
{
	double start = now();

	if (unit == TOOLS) {
		union {
			uint64_t align;
			unsigned char bytes[256];
		} context;
		unsigned char digest[32];

		tools.start(&context);
		tools.update(&context, bytes, LEN);
		tools.finish(&context, digest);
		sink = digest[0];
	} else if (unit == TEXTBOOK) {
		uint32_t h[8];

		memcpy(h, sha256_start, sizeof(h));
		for (size_t at = 0; at < LEN; at += 64)
			textbook_block(h, bytes + at);
		sink = h[0];
	} else {
		unsigned char digest[32];
		struct lanes l;

		lanes_init(&l, (enum lanes_unit)unit);
		lanes_add(&l, bytes, LEN);
		lanes_end(&l, digest);
		sink = digest[0];
	}
	return now() - start;
}

int main(int argc, char **argv)
{
	unsigned char *bytes = malloc(LEN);
	double base = 0;

	if (!bytes || (argc > 1 && load_tools(argv[1])))
		return 1;
	memset(bytes, 0x5a, LEN);
	printf("purgatory's digest, 64 MiB, MB/s of CPU time\n");
	for (int unit = tools.start ? TOOLS : TEXTBOOK; unit < LANES_UNITS; unit++) {
		double best = 1e9;

		if (unit >= 0 && !lanes_can((enum lanes_unit)unit))
			continue;
		for (int i = 0; i < 5; i++) {
			double t = run(unit, bytes);

			best = t < best ? t : best;
		}
		base = base > 0 ? base : best;
		printf("%-18s %6.0f %6.2f times\n", name_of(unit), LEN / 1e6 / best, base / best);
	}
	free(bytes);
	return 0;
}

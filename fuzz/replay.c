/*
 * Runs a fuzzer's function over every file of the named folders, as TAP: one line a file. It
 * also feeds each file cut short at several places and with single bytes changed, so that a
 * plain build keeps some of the fuzzer's bite.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEED_LIMIT_S 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(const unsigned char *data, size_t size)
{
	/* an exact-size copy, so that sanitizers see over-reads */
	unsigned char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void variants(unsigned char *data, size_t size)
{
	size_t step = size / 64 + 1;

	one(data, size);
	for (size_t n = 0; n < size; n += step)
		one(data, n);
	for (size_t i = 0; i < size; i += step) {
		unsigned char saved = data[i];
		const unsigned char others[] = { 0, 0xff, saved ^ 0x80, saved + 1 };

		for (size_t k = 0; k < sizeof(others); k++) {
			data[i] = others[k];
			one(data, size);
		}
		data[i] = saved;
	}
}

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	unsigned char *data;
	long size;

	if (!f)
		return -1;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc(size > 0 ? size : 1);
	if (!data || fread(data, 1, size, f) != (size_t)size) {
		fclose(f);
		free(data);
		return -1;
	}
	fclose(f);
	alarm(SEED_LIMIT_S); /* a hang is a failure too */
	variants(data, size);
	alarm(0);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int n = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		struct dirent *entry;

		while (d && (entry = readdir(d))) {
			char path[4096];
			int bad;

			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
			bad = replay(path) < 0;
			failed += bad;
			printf("%sok %d - %s\n", bad ? "not " : "", ++n, entry->d_name);
		}
		if (d)
			closedir(d);
	}
	if (!n)
		printf("not ok %d - no seeds\n", ++n);
	printf("1..%d\n", n);
	return failed || !n;
}

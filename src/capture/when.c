/*
 * The time that a dump folder is named after. A capture kernel may find no clock (no driver, an
 * empty battery) and count from 1970; the crashed kernel knew better and wrote the second of
 * its crash into VMCOREINFO as CRASHTIME= (kernel/crash_core.c, since 2.6.38), which is in the
 * notes of /proc/vmcore.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "capture/internal.h"

#define PLAUSIBLE   1577836800 /* 2020: before it no clock is set that this program ran under */
#define NOTES_MAX   (16 << 20)
#define HEADERS_MAX 65536
#define CRASHTIME   "\nCRASHTIME="

/* Where the notes are: the first PT_NOTE. The crashed kernel's width is this one's or another. */
static bool find_notes(int fd, uint64_t *ret_off, uint64_t *ret_len)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf64_Ehdr w;
		Elf32_Ehdr n;
	} h = { 0 };
	unsigned count;
	uint64_t off;
	bool wide;

	if (pread(fd, &h, sizeof(h), 0) < (ssize_t)sizeof(h.n) || memcmp(h.ident, ELFMAG, SELFMAG) != 0)
		return false;
	wide = h.ident[EI_CLASS] == ELFCLASS64;
	off = wide ? h.w.e_phoff : h.n.e_phoff;
	count = wide ? h.w.e_phnum : h.n.e_phnum;
	for (unsigned i = 0; i < count && i < HEADERS_MAX; i++) {
		Elf64_Phdr w = { 0 };
		Elf32_Phdr n = { 0 };

		if (wide ? pread(fd, &w, sizeof(w), off + i * sizeof(w)) != (ssize_t)sizeof(w) :
			   pread(fd, &n, sizeof(n), off + i * sizeof(n)) != (ssize_t)sizeof(n))
			return false;
		if ((wide ? w.p_type : n.p_type) != PT_NOTE)
			continue;
		*ret_off = wide ? w.p_offset : n.p_offset;
		*ret_len = wide ? w.p_filesz : n.p_filesz;
		return true;
	}
	return false;
}

/* 0: it does not say. */
static time_t crash_time(struct capture *c)
{
	_cleanup_close_ int fd = openat(c->root, below_root(SAVE_VMCORE), O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *notes = NULL;
	const char *found;
	uint64_t off, len;
	ssize_t n;

	if (fd < 0 || !find_notes(fd, &off, &len))
		return 0;
	len = MIN(len, (uint64_t)NOTES_MAX);
	notes = malloc(len + 1);
	if (!notes)
		return 0;
	n = pread(fd, notes, len, off);
	if (n <= 0)
		return 0;
	notes[n] = '\0';
	found = memmem(notes, n, CRASHTIME, strlen(CRASHTIME));
	return found ? strtoll(found + strlen(CRASHTIME), NULL, 10) : 0;
}

time_t capture_time(struct capture *c)
{
	time_t now = c->ops->now(c), other;

	if (now >= PLAUSIBLE)
		return now;
	other = crash_time(c);
	if (other >= PLAUSIBLE) {
		say("the clock is not set; the dump is named after the time of the crash");
		return other;
	}
	other = c->ops->chip_time(c);
	if (other >= PLAUSIBLE) {
		say("the clock is not set; the dump is named after the clock chip's time");
		return other;
	}
	say("the clock is not set, and nothing tells the time; the dump's name will show that");
	return MAX(now, (time_t)0);
}

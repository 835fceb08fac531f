/*
 * Any bytes as a kernel file, planned for a small recorded machine by segments, for a reboot and
 * for a crash: what the headers say of addresses and lengths goes into the placing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/base.h"
#include "kexec/kexec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(int root, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char folder[128];

	snprintf(folder, sizeof(folder), "%s", name);
	*strrchr(folder, '/') = '\0';
	error_free(file_make_folders(root, folder, 0700));
	fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		abort();
	error_free(file_write_fd(fd, name, text, strlen(text)));
}

static char *machine;

static void forget_machine(void)
{
	file_remove_tree(machine);
	free(machine);
}

static int make_machine(void)
{
	int root;

	if (file_private_folder(&machine))
		abort();
	root = open(machine, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(forget_machine);
	put(root, "proc/iomem",
	    "00001000-0009fbff : System RAM\n"
	    "00100000-1ffdcfff : System RAM\n  13000000-1effffff : Crash kernel\n"
	    "100000000-17fffffff : System RAM\n");
	put(root, "proc/sys/kernel/osrelease", "6.12.0\n");
	put(root, "sys/kernel/kexec_loaded", "0\n");
	put(root, "sys/kernel/kexec_crash_loaded", "0\n");
	put(root, "sys/kernel/kexec_crash_size", "201326592\n");
	put(root, "sys/devices/system/cpu/cpu0/crash_notes", "1f00e000\n");
	put(root, "sys/devices/system/cpu/cpu0/crash_notes_size", "368\n");
	put(root, "sys/kernel/vmcoreinfo", "0x1234000 1000\n");
	return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int root = -1;
	_cleanup_close_ int kernel = memfd_create("kernel", MFD_CLOEXEC);

	if (root < 0)
		root = make_machine();
	error_free(file_write_fd(kernel, "kernel", data, size));
	for (int panic = 0; panic < 2; panic++) {
		_cleanup_kexec_result_ struct kexec_result r = { 0 };
		_cleanup_kexec_plan_ struct kexec_plan *plan = NULL;
		struct kexec_request rq = { .root = root, .kernel = "kernel", .kernel_fd = kernel,
					    .panic = panic, .call = KEXEC_CALL_SEGMENTS, .no_checks = true };

		lseek(kernel, 0, SEEK_SET);
		error_free(kexec_plan(&rq, &plan, &r));
	}
	return 0;
}

/* A seccomp filter (include/uapi/linux/{seccomp,filter,audit}.h): a list of calls, opening by its flags. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/base.h"

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define THIS_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define THIS_ARCH AUDIT_ARCH_S390X
#endif

#ifdef THIS_ARCH

static const int allowed[] = {
	/* open descriptors */
	__NR_read, __NR_readv, __NR_pread64, __NR_preadv, __NR_write, __NR_writev, __NR_lseek, __NR_close, __NR_fcntl, __NR_dup,
	__NR_fstat, __NR_statx, __NR_fadvise64, __NR_getdents64, __NR_readlinkat, __NR_faccessat, __NR_ppoll,
#ifdef __NR_newfstatat
	__NR_newfstatat,
#endif
#ifdef __NR_stat
	__NR_stat, __NR_lstat, __NR_access, __NR_readlink, __NR_poll,
#endif
	/* memory */
	__NR_mmap, __NR_munmap, __NR_mremap, __NR_mprotect, __NR_madvise, __NR_brk, __NR_getrandom,
	/* itself */
	__NR_exit, __NR_exit_group, __NR_futex, __NR_set_robust_list, __NR_rseq, __NR_sched_yield, __NR_sched_getaffinity, __NR_getpid,
	__NR_gettid, __NR_rt_sigreturn, __NR_rt_sigprocmask, __NR_rt_sigaction, __NR_clock_gettime, __NR_clock_nanosleep,
	__NR_nanosleep, __NR_restart_syscall, __NR_getrusage, __NR_sysinfo, __NR_uname,
};

#define LOAD(field)  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define REFUSED	     (SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA))
#define WRITING	     (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

/* Low halves of arguments lie first on little-endian machines. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARGUMENT(n) offsetof(struct seccomp_data, args[n])
#else
#define ARGUMENT(n) (offsetof(struct seccomp_data, args[n]) + 4)
#endif

static void add(struct sock_filter *f, unsigned short *n, struct sock_filter one)
{
	f[(*n)++] = one;
}

/* `call` is allowed when the bits of its argument that matter are all zero, or all `want`. */
static void add_if_bits(struct sock_filter *f, unsigned short *n, unsigned call, unsigned argument, uint32_t mask, uint32_t want)
{
	add(f, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
	add(f, n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)ARGUMENT(argument)));
	add(f, n, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
	add(f, n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, want, 0, 1));
	add(f, n, (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW));
	add(f, n, (struct sock_filter)ANSWER(REFUSED));
}

struct error *sandbox_enter(void)
{
	struct sock_filter f[2 * ARRAY_SIZE(allowed) + 64];
	struct sock_fprog program = { .filter = f };
	unsigned short n = 0;

	add(f, &n, (struct sock_filter)LOAD(arch));
	add(f, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCH, 1, 0));
	add(f, &n, (struct sock_filter)ANSWER(SECCOMP_RET_KILL_PROCESS));
	add(f, &n, (struct sock_filter)LOAD(nr));
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		add(f, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1));
		add(f, &n, (struct sock_filter)ANSWER(SECCOMP_RET_ALLOW));
	}
	/* these overwrite the number with an argument, but only when they decide */
	add_if_bits(f, &n, __NR_openat, 2, WRITING, 0);
#ifdef __NR_open
	add_if_bits(f, &n, __NR_open, 1, WRITING, 0);
#endif
	/* threads yes, processes no; newer libraries fall back to it from clone3 */
	add_if_bits(f, &n, __NR_clone, 0, 0x00010000 /* CLONE_THREAD */, 0x00010000);
	add(f, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1));
	add(f, &n, (struct sock_filter)ANSWER(SECCOMP_RET_ERRNO | ENOSYS));
	add(f, &n, (struct sock_filter)ANSWER(REFUSED));
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return error_new(ERROR_UNSUPPORTED, "this kernel lets no process give up rights: %s", strerror(errno));
	return NULL;
}

#else

struct error *sandbox_enter(void)
{
	return error_new(ERROR_UNSUPPORTED, "no sandbox is known for this machine");
}

#endif

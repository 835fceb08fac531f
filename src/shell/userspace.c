#include "shell/userspace.h"

#include "base/base.h"
#include "kernel/type.h"
#include "kernel/vmem.h"

struct error *user_translate(struct shell *sh, const struct task *t, uint64_t va, uint64_t *ret_pa,
			     uint64_t *ret_len)
{
	uint64_t mm = t->mm, pgd, pgd_pa;

	if (!mm)
		return error_new(ERROR_NOT_FOUND, "task %lld (%s) has no address space of its own",
				 (long long)t->pid, t->comm);
	TRY(type_read_member(sh->kernel, mm, "mm_struct", "pgd", &pgd));
	TRY(vmem_translate(sh->kernel, pgd, &pgd_pa, NULL));
	return vmem_translate_in(sh->kernel, pgd_pa, va, ret_pa, ret_len);
}

struct error *user_read(struct shell *sh, const struct task *t, uint64_t va, void *buf, size_t len)
{
	unsigned char *to = buf;

	while (len) {
		uint64_t pa, run;
		size_t piece;

		TRY(user_translate(sh, t, va, &pa, &run));
		piece = MIN((uint64_t)len, run);
		TRY(dump_read_phys(sh->dump, pa, to, piece));
		va += piece;
		to += piece;
		len -= piece;
	}
	return NULL;
}

/* A plan in words, for --check and --debug. */
#include <string.h>

#include "kexec/plan.h"
#include "purgatory/purgatory.h"

static void print_range(FILE *to, uint64_t start, uint64_t end)
{
	fprintf(to, "  %016llx-%016llx", (unsigned long long)start, (unsigned long long)end - 1);
}

bool plan_digest(const struct kexec_plan *p, char ret[65])
{
	struct purgatory_head head;

	for (size_t i = 0; i < p->parts.n; i++) {
		if (strcmp(p->parts.v[i].name, "purgatory") || !p->parts.v[i].bytes)
			continue;
		memcpy(&head, p->parts.v[i].bytes, sizeof(head));
		for (int j = 0; j < 32; j++)
			snprintf(ret + 2 * j, 3, "%02x", head.args.digest[j]);
		return true;
	}
	return false;
}

static void print_segments(const struct kexec_plan *p, FILE *to)
{
	char digest[65];

	fprintf(to, "segments (kexec_load, entry 0x%llx):\n", (unsigned long long)p->entry);
	for (size_t i = 0; i < p->parts.n; i++) {
		const struct kexec_part *s = &p->parts.v[i];

		print_range(to, s->pa, s->pa + s->mem_len);
		fprintf(to, "  %-16s %zu bytes%s\n", s->name, s->len,
			s->in_digest ? ", in the digest" : "");
	}
	fprintf(to, "memory map for the new kernel (%zu entries):\n", p->e820.rows.n);
	for (size_t i = 0; i < p->e820.rows.n; i++) {
		const struct e820_entry *e = &p->e820.rows.v[i];

		print_range(to, e->start, e->start + e->len);
		fprintf(to, "  type %u\n", e->type);
	}
	if (plan_digest(p, digest))
		fprintf(to, "digest: %s%s\n", digest, p->rq.no_checks ? " (not checked)" : "");
}

static void print_image(const struct kexec_plan *p, FILE *to)
{
	const struct image *im = &p->image;
	const struct bzimage *z = &im->bz;
	_cleanup_free_ char *release = image_release(im);
	_cleanup_free_ char *layers = NULL;

	error_free(image_layers_text(im, &layers));
	fprintf(to, "kernel: %s, %s, %zu bytes, release %s\n", p->rq.kernel ? p->rq.kernel : "(descriptor)",
		layers ? layers : im->type->name, im->kernel.len, release ? release : "unknown");
	if (im->os)
		fprintf(to, "  unified image of %s\n", im->os);
	if (z->setup_len)
		fprintf(to, "  boot protocol %u.%02u, xloadflags 0x%x, preferred address 0x%llx, init_size 0x%x\n",
			z->protocol >> 8, z->protocol & 0xff, z->xloadflags,
			(unsigned long long)z->pref_address, z->init_size);
	if (im->elf.nr_loads)
		fprintf(to, "  linked for 0x%llx-0x%llx, entry 0x%llx\n", (unsigned long long)im->elf.start,
			(unsigned long long)im->elf.end - 1, (unsigned long long)im->elf.entry);
	for (size_t i = 0; i < p->modules.n; i++)
		fprintf(to, "module: %s, %zu bytes\n", p->modules.v[i].words, p->modules.v[i].len);
}

void kexec_plan_print(const struct kexec_plan *p, FILE *to)
{
	const char *line = p->first == KEXEC_CALL_SEGMENTS ? p->full_cmdline : p->cmdline;

	if (p->image.type)
		print_image(p, to);
	if (p->initrd.len && !p->rq.nr_initrds)
		fprintf(to, "initrd: %zu bytes, the image's own\n", p->initrd.len);
	else
		fprintf(to, "initrd: %zu bytes in %zu files\n", p->initrd.len, p->rq.nr_initrds);
	for (size_t i = 0; i < p->regions.n; i++) {
		print_range(to, p->regions.v[i].start, p->regions.v[i].end);
		fprintf(to, "  reserved for the crash kernel\n");
	}
	if (p->have_segments)
		print_segments(p, to);
	else if (p->no_segments)
		fprintf(to, "no segments: %s\n", p->no_segments);
	if (line)
		fprintf(to, "command line: %s\n", line);
	fprintf(to, "first call: %s%s%s\n",
		p->first == KEXEC_CALL_FILE ? "kexec_file_load" : "kexec_load",
		p->note ? ": " : "", p->note ? p->note : "");
	if (p->warning)
		fprintf(to, "warning: %s\n", p->warning);
}

const char *kexec_plan_warning(const struct kexec_plan *p)
{
	return p->warning;
}

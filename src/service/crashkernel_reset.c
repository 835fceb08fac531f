/* crashkernel= of boot entries; see crashkernel_reset.h. */
#include "service/crashkernel_reset.h"

#include <ctype.h>
#include <string.h>

#include "host/host.h"
#include "service/rootpath.h"

#define FIXED                                                                                              \
	"%s brings its arguments along: write crashkernel= into /etc/kernel/cmdline and make the image anew "    \
	"(kernel-install add, dracut --uefi or ukify)"

void reset_result_done(struct reset_result *r)
{
	for (size_t i = 0; i < r->rows.n; i++) {
		free(r->rows.v[i].kernel);
		free(r->rows.v[i].value);
	}
	vector_done(&r->rows);
	words_done(&r->notes);
}

bool release_is_real_time(const char *release)
{
	for (const char *p = release; (p = strstr(p, "rt")); p += 2) {
		const char *behind = p + 2 + strspn(p + 2, "0123456789");

		if (p > release && strchr("-.+_", p[-1]) && (!*behind || strchr("-.+_/", *behind)))
			return true;
	}
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* /boot/vmlinuz-REL, /boot/MACHINE/REL/linux, /boot/efi/EFI/Linux/MACHINE-REL.efi */
static bool is_of_release(const char *kernel, const char *release)
{
	const char *name = base_name(kernel);
	size_t n = strlen(name), m = strlen(release);
	_cleanup_free_ char *folder = NULL;

	if (text_ends(name, ".efi")) {
		n -= 4;
		return n > m && name[n - m - 1] == '-' && !memcmp(name + n - m, release, m);
	}
	if (n > m && name[n - m - 1] == '-' && !strcmp(name + n - m, release))
		return true;
	return asprintf(&folder, "/%s/", release) > 0 && strstr(kernel, folder);
}

static bool without_boot_equal(const char *a, const char *b)
{
	const char *x = text_after(a, "/boot"), *y = text_after(b, "/boot");

	return !strcmp(x ? x : a, y ? y : b);
}

static bool is_chosen(const struct reset_wish *w, const struct boot_kernel *k, size_t index, const char *old)
{
	uint64_t n;

	if (k->every && w->which != RESET_RESERVED)
		return true;
	switch (w->which) {
	case RESET_RELEASE:
		return is_of_release(k->kernel, w->kernel);
	case RESET_KERNEL:
		return text_u64(w->kernel, &n) ? n == index : without_boot_equal(w->kernel, k->kernel);
	case RESET_DEFAULT:
		return k->is_default;
	case RESET_ALL:
		return true;
	case RESET_RESERVED:
		return old && *old;
	case RESET_REAL_TIME:
		return release_is_real_time(k->kernel);
	}
	return false;
}

/* The last one is in force; several different ones (256M,high 72M,low) are shown as one. */
static struct error *argument(const char *args, const char *name, char **ret)
{
	_cleanup_strbuf_ struct strbuf all = { 0 };
	const char *value, *last = NULL;
	size_t pos = 0, len, last_len = 0;

	*ret = NULL;
	while (cmdline_next(args, name, &pos, &value, &len)) {
		if (!last || len != last_len || memcmp(value, last, len))
			strbuf_printf(&all, "%s%.*s", all.len ? " " : "", (int)len, value);
		last = value;
		last_len = len;
	}
	TRY(strbuf_error(&all));
	if (!all.s)
		return NULL;
	*ret = strbuf_take(&all, NULL);
	return *ret ? NULL : error_nomem();
}

/* What one kernel's entry is to become. */
struct job {
	const struct boot_kernel *kernel;
	struct boot_edit edit;
	struct reset_row row;
};

static void job_done(struct job *j)
{
	boot_edit_done(&j->edit);
	free(j->row.kernel);
	free(j->row.value);
}


static struct error *plan_fadump(struct job *j, enum fadump_wish wish, const char *old)
{
	const char *word = wish == FADUMP_ON ? "on" : wish == FADUMP_NOCMA ? "nocma" : NULL;
	bool is_on = old && *old && strcmp(old, "off");

	if (wish == FADUMP_AS_IS) {
		j->row.mode = is_on ? DUMP_MODE_FADUMP : DUMP_MODE_KDUMP;
		return NULL;
	}
	j->row.mode = word ? DUMP_MODE_FADUMP : DUMP_MODE_KDUMP;
	if (word && !text_equal(word, old)) {
		j->row.fadump = word;
		j->row.changed = true;
		return words_addf(&j->edit.set, "fadump=%s", word);
	}
	if (!word && old) {
		j->row.fadump_removed = true;
		j->row.changed = true;
		return words_add(&j->edit.remove, "fadump");
	}
	return NULL;
}

static struct error *plan_one(const struct crashkernel_facts *f, const struct reset_wish *w, const char *old,
			      struct job *j)
{
	_cleanup_free_ char *fadump = NULL;

	TRY(argument(j->kernel->args, "fadump", &fadump));
	TRY(plan_fadump(j, w->fadump, fadump));
	if (w->value)
		j->row.value = strdup(w->value);
	else
		TRY(crashkernel_default(f, j->row.mode, &j->row.value));
	if (!j->row.value)
		return error_new(ERROR_UNSUPPORTED,
				 "no default reservation is known for the architecture %s", f->arch);
	j->row.kernel = strdup(j->kernel->kernel);
	if (!j->row.kernel)
		return error_nomem();
	if (text_equal(old, j->row.value))
		return NULL;
	j->row.changed = true;
	return words_addf(&j->edit.set, "crashkernel=%s", j->row.value);
}

/* Kernels of which the edit is not yet true: a variable that several share may have been changed. */
static struct error *edit_kernel(const struct bootcfg *b, struct boot_changes *c, const struct job *j)
{
	_cleanup_boot_kernels_ struct boot_kernels now = { 0 };
	_cleanup_free_ char *left = NULL;

	TRY(bootcfg_list(c->root, b, &now));
	if (j->row.index >= now.v.n || strcmp(now.v.v[j->row.index].kernel, j->kernel->kernel))
		return error_new(ERROR_OTHER, "%s: the entries were changed by somebody else meanwhile", b->name);
	TRY(boot_args_edit(now.v.v[j->row.index].args, strlen(now.v.v[j->row.index].args), &j->edit, true, &left));
	return left ? bootcfg_edit(b, c, &now.v.v[j->row.index], &j->edit) : NULL;
}

/* Kernels to come get the default for the mode that was asked for. */
static struct error *edit_new(const struct bootcfg *b, struct boot_changes *c, const struct crashkernel_facts *f,
			      const struct reset_wish *w)
{
	struct job j = { 0 };
	struct error *e = plan_fadump(&j, w->fadump, w->fadump == FADUMP_OFF ? "on" : NULL);

	if (!e && w->value)
		e = words_addf(&j.edit.set, "crashkernel=%s", w->value);
	else if (!e)
		e = crashkernel_default(f, j.row.mode, &j.row.value);
	if (!e && j.row.value)
		e = words_addf(&j.edit.set, "crashkernel=%s", j.row.value);
	if (!e)
		e = bootcfg_edit(b, c, NULL, &j.edit);
	job_done(&j);
	return e;
}

static struct error *carry_out(const struct bootcfg *b, struct boot_changes *c, const struct crashkernel_facts *f,
			       const struct reset_wish *w, const struct job *jobs, size_t n, bool *ret_any)
{
	*ret_any = false;
	if (w->which == RESET_ALL)
		TRY(edit_new(b, c, f, w));
	for (size_t i = 0; i < n; i++) {
		if (!jobs[i].row.changed)
			continue;
		*ret_any = true;
		TRY(edit_kernel(b, c, &jobs[i]));
	}
	*ret_any |= c->files.n || c->created.n;
	return NULL;
}

/* Carries the jobs out; on failure all files are as before. */
static struct error *change(int root, const struct bootcfg *b, const struct crashkernel_facts *f,
			    const struct reset_wish *w, const struct job *jobs, size_t n, struct words *notes)
{
	_cleanup_boot_changes_ struct boot_changes c = { .root = root };
	struct error *undo;
	bool any;
	struct error *e = carry_out(b, &c, f, w, jobs, n, &any);

	if (!e) {
		if (any)
			e = bootcfg_apply(b, &c);
		for (size_t i = 0; !e && i < c.notes.n; i++)
			e = words_add(notes, c.notes.v[i]);
		return e;
	}
	undo = boot_changes_undo(&c);
	if (undo) {
		e = error_prefix(e, "files could not be put back (%s) after", error_message(undo));
		error_free(undo);
	}
	return e;
}

static struct error *plan_and_change(int root, const struct crashkernel_facts *f, const struct reset_wish *w,
				     const struct boot_kernels *list, struct job *jobs, struct reset_result *r)
{
	const char *fixed = NULL;
	size_t n = 0;

	for (size_t i = 0; i < list->v.n; i++) {
		_cleanup_free_ char *old = NULL;

		TRY(argument(list->v.v[i].args, "crashkernel", &old));
		if (!is_chosen(w, &list->v.v[i], i, old))
			continue;
		if (list->v.v[i].fixed) {
			fixed = list->v.v[i].kernel;
			TRY(words_addf(&r->notes, FIXED, fixed));
			continue;
		}
		jobs[n].kernel = &list->v.v[i];
		jobs[n].row.index = i;
		TRY(plan_one(f, w, old, &jobs[n]));
		n++;
	}
	if (!n && fixed && w->which != RESET_ALL)
		return error_new(ERROR_UNSUPPORTED, FIXED, fixed);
	if (!n && !fixed && w->which != RESET_RESERVED)
		return error_new(ERROR_NOT_FOUND, "%s has no such kernel", r->loader->name);
	if (!w->dry)
		TRY(change(root, r->loader, f, w, jobs, n, &r->notes));
	for (size_t i = 0; i < n; i++) {
		if (!vector_push(&r->rows, jobs[i].row))
			return error_nomem();
		jobs[i].row.kernel = jobs[i].row.value = NULL; /* handed over */
	}
	return NULL;
}

struct error *crashkernel_reset(int root, const struct sysconfig *conf, const struct reset_wish *wish,
				struct reset_result *ret)
{
	_cleanup_boot_kernels_ struct boot_kernels list = { 0 };
	const char *release = wish->which == RESET_RELEASE ? wish->kernel : NULL;
	struct crashkernel_facts facts;
	struct job *jobs;
	struct error *e;

	TRY(crashkernel_facts(root, conf, release, &facts));
	TRY(bootcfg_editor(root, &ret->loader));
	ret->one_for_all = ret->loader->one_for_all;
	TRY(bootcfg_list(root, ret->loader, &list));
	if (wish->which == RESET_REAL_TIME && ret->one_for_all)
		return error_new(ERROR_UNSUPPORTED,
				 "%s has one command line for all kernels here, not one for the real-time ones; "
				 "kdumpctl reset-crashkernel --kernel=ALL changes it for all",
				 ret->loader->name);
	jobs = calloc(list.v.n + 1, sizeof(*jobs));
	if (!jobs)
		return error_nomem();
	e = plan_and_change(root, &facts, wish, &list, jobs, ret);
	for (size_t i = 0; i < list.v.n; i++)
		job_done(&jobs[i]);
	free(jobs);
	return e;
}

struct error *crashkernel_of_running(int root, char **ret)
{
	_cleanup_free_ char *line = NULL;

	TRY(host_cmdline(root, &line));
	return argument(line, "crashkernel", ret);
}

/*
 * Carrying out erase rules: expressions become places, loops go through arrays and lists. Types are
 * the dump's own (BTF), a variable's type is what its table of declarations, the rule or the
 * request tells.
 */
#include "collect/erase-priv.h"

#include <string.h>

#include "base/base.h"
#include "kernel/declared.h"
#include "kernel/module.h"
#include "kernel/symbol.h"
#include "kernel/task.h"
#include "kernel/vmem.h"

#define STRING_MAX 1024 /* of what a char * points to, as in makedumpfile */
#define NODES_MAX  (1u << 24)
#define WHYS_MAX   200	/* lines of what could not be done */

struct place {
	uint64_t va;
	struct ctype type;
};

struct finder {
	const struct erase_request *r;
	struct kernel *k;
	struct strbuf *why;
	struct erase_spots *spots;
	const struct erase_rule *rule;
	const struct module *module; /* of the section; null: the kernel */
	struct place element;	     /* of the loop */
	unsigned cpu;		     /* whose copy of per-CPU variables */
	bool met_percpu;
	uint32_t *turns; /* how often each command came */
	unsigned nr_whys;
};

static struct error *say(struct finder *f, unsigned line, struct error *e)
{
	if (!e || error_kind(e) == ERROR_NOMEM)
		return e;
	if (f->nr_whys < WHYS_MAX)
		strbuf_printf(f->why, "%s:%u: not erased: %s.\n", f->r->rules->name, line, error_message(e));
	else if (f->nr_whys == WHYS_MAX)
		strbuf_printf(f->why, "%s: and more that was not erased.\n", f->r->rules->name);
	f->nr_whys++;
	error_free(e);
	return NULL;
}

/* ---- variables ---- */

static struct error *find_address(struct finder *f, const char *name, uint64_t *ret)
{
	struct error *e;

	if (f->module) {
		e = module_symbol_find(f->k, f->module, name, ret);
		if (!error_drop_if(&e, ERROR_NOT_FOUND))
			return e;
	}
	return symbol_find(f->k, name, ret);
}

/* What the request knows, from the kernel's own file for one. */
static struct error *type_told(struct finder *f, const char *name, struct ctype *ret)
{
	const char *text = NULL;

	if (f->r->type_of)
		text = f->r->type_of(f->r->type_arg, f->module ? f->module->name : NULL, name);
	if (!text)
		return error_new(ERROR_NOT_FOUND, "nothing tells the type of variable %s: name it as %s@TYPE, or give "
						  "the kernel's file with debugging information (-x)", name, name);
	return error_prefix(ctype_parse(f->k, text, ret), "%s", name);
}

/* "task_struct*" for "struct task_struct *": rules name structs without the keyword. */
static struct error *parse_type(struct finder *f, const char *text, struct ctype *ret)
{
	static const char *const kinds[] = { "", "struct ", "union ", "enum " };
	struct error *e = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char full[256];

		error_free(e);
		snprintf(full, sizeof(full), "%s%s", kinds[i], text);
		e = ctype_parse(f->k, full, ret);
		if (!e || error_kind(e) == ERROR_NOMEM)
			return e;
	}
	error_free(e);
	return error_new(ERROR_NOT_FOUND, "this kernel has no type %s", text);
}

static struct error *find_type(struct finder *f, const struct erase_expr *x, struct ctype *ret, bool *ret_percpu)
{
	struct error *e;

	*ret_percpu = false;
	TRY(types_load(f->k));
	if (x->type[0])
		return parse_type(f, x->type, ret);
	if (!f->module) {
		e = declared_type(f->k, x->head, ret, ret_percpu);
		if (!e)
			return NULL;
		error_free(e);
	}
	return type_told(f, x->head, ret);
}

static struct error *find_variable(struct finder *f, const struct erase_expr *x, struct place *ret)
{
	struct error *e;
	bool percpu;

	if (f->rule->loop && !strcmp(x->head, f->rule->id)) {
		*ret = f->element;
		return NULL;
	}
	e = find_type(f, x, &ret->type, &percpu);
	/* first of all: is there such a variable? */
	if (e) {
		struct error *no_symbol = find_address(f, x->head, &ret->va);

		if (no_symbol) {
			error_free(e);
			return no_symbol;
		}
		return e;
	}
	f->met_percpu |= percpu;
	return percpu ? percpu_address(f->k, x->head, f->cpu, &ret->va) : find_address(f, x->head, &ret->va);
}

/* ---- members ---- */

/* Where a pointer points to; a null one is nowhere (va 0). */
static struct error *follow(struct finder *f, struct place *p)
{
	if (p->va)
		TRY(vmem_read_long(f->k, p->va, &p->va));
	(void)ctype_target(f->k, p->type, &p->type, NULL);
	return NULL;
}

/* A pointer's target, an array's first element: what members can be asked of. */
static struct error *come_to_struct(struct finder *f, struct place *p)
{
	for (unsigned i = 0; i < CTYPE_DEPTH; i++) {
		enum ctype_kind kind = ctype_kind(f->k, p->type);

		if (kind == CTYPE_PTR)
			TRY(follow(f, p));
		else if (kind == CTYPE_ARRAY)
			(void)ctype_target(f->k, p->type, &p->type, NULL);
		else
			break;
	}
	return NULL;
}

/* "[N]" on an array, or a pointer as one. */
static struct error *take_index(struct finder *f, const char *index, struct place *p)
{
	uint64_t n = strtoull(index + 1, NULL, 10), len = UINT64_MAX, size;

	if (ctype_kind(f->k, p->type) == CTYPE_PTR)
		TRY(follow(f, p));
	else if (ctype_kind(f->k, p->type) != CTYPE_ARRAY || !ctype_target(f->k, p->type, &p->type, &len))
		return error_new(ERROR_USAGE, "%s is asked of something that is no array", index);
	if (len && n >= len)
		return error_new(ERROR_USAGE, "%s is behind the last element of %llu", index, (unsigned long long)len);
	if (!ctype_size(f->k, p->type, &size))
		return error_new(ERROR_USAGE, "%s is asked of elements without a size", index);
	p->va += p->va ? n * size : 0;
	return NULL;
}

static struct error *take_member(struct finder *f, const char *word, struct place *p)
{
	size_t len = strcspn(word, "[");
	_cleanup_free_ char *name = strndup(word, len);
	struct member m;

	if (!name)
		return error_nomem();
	TRY(come_to_struct(f, p));
	TRY(ctype_member(f->k, p->type, name, &m, &p->type));
	if (m.bit_size)
		return error_new(ERROR_UNSUPPORTED, "%s is a bit field, which cannot be erased", name);
	p->va += p->va ? m.off : 0; /* of nothing: nowhere */
	return word[len] ? take_index(f, word + len, p) : NULL;
}

/* The place that an expression names, its last `skip` members not taken. va 0: behind a null pointer. */
static struct error *find_place(struct finder *f, const struct erase_expr *x, size_t skip, struct place *ret)
{
	TRY(find_variable(f, x, ret));
	if (x->index[0])
		TRY(take_index(f, x->index, ret));
	for (size_t i = 0; i + skip < x->path.n; i++)
		TRY(take_member(f, x->path.v[i], ret));
	return NULL;
}

/* ---- sizes ---- */

static bool is_char(struct finder *f, struct ctype t)
{
	struct btf_type b;

	return ctype_base(f->k, t, &b) && b.kind == BTF_INT && !strcmp(b.name, "char");
}

static struct error *string_length(struct finder *f, uint64_t va, uint64_t *ret)
{
	char buf[STRING_MAX + 1];

	TRY(vmem_read_string(f->k, va, buf, sizeof(buf)));
	*ret = strlen(buf);
	return NULL;
}

/* How much there is at `p`, which `pointed` tells to be a pointer's target: text up to its end. 0:
 * nobody knows. */
static struct error *own_size(struct finder *f, const struct place *p, bool pointed, uint64_t *ret)
{
	*ret = 0;
	if (pointed && is_char(f, p->type))
		return string_length(f, p->va, ret);
	if (!ctype_size(f->k, p->type, ret) && ctype_kind(f->k, p->type) != CTYPE_VOID)
		return error_new(ERROR_NOT_FOUND, "its type has no size");
	if (!*ret)
		return error_new(ERROR_USAGE, "its type does not tell how long it is: say size or nullify");
	return NULL;
}

/* The number in a variable. */
static struct error *size_in(struct finder *f, const struct erase_expr *x, uint64_t *ret)
{
	struct place p;
	uint64_t len;
	enum ctype_kind kind;
	unsigned char raw[8];

	TRY(find_place(f, x, 0, &p));
	if (ctype_kind(f->k, p.type) == CTYPE_PTR && p.va)
		TRY(follow(f, &p));
	kind = ctype_kind(f->k, p.type);
	if ((kind != CTYPE_INT && kind != CTYPE_ENUM) || !ctype_size(f->k, p.type, &len) || len > 8)
		return error_new(ERROR_USAGE, "size %s is no number", x->text);
	*ret = 0;
	if (!p.va)
		return NULL;
	TRY(vmem_read(f->k, p.va, raw, len));
	switch (len) {
	case 1:
		*ret = raw[0];
		break;
	case 2:
		*ret = get_u16(raw, f->k->big);
		break;
	case 4:
		*ret = get_u32(raw, f->k->big);
		break;
	case 8:
		*ret = get_u64(raw, f->k->big);
		break;
	}
	if (*ret > INT64_MAX)
		*ret = 0; /* less than nothing */
	if (*ret > ERASE_BYTES_MAX)
		return error_new(ERROR_BAD_DATA, "size %s is %llu bytes, too much to be true", x->text,
				 (unsigned long long)*ret);
	return NULL;
}

/* ---- one command ---- */

static struct error *add_spot(struct finder *f, const struct erase_command *c, uint64_t va, uint64_t len)
{
	uint32_t number = c - f->r->rules->commands.v;

	if (!va || !len)
		return NULL;
	if (f->spots->list.n == ERASE_SPOTS_MAX)
		return error_new(ERROR_UNSUPPORTED, "more than %u places", ERASE_SPOTS_MAX);
	if (!vector_push(&f->spots->list, (struct erase_spot){ .va = va, .len = len, .command = number,
							       .turn = f->turns[number]++,
							       .nullify = c->how == ERASE_NULLIFY }))
		return error_nomem();
	return NULL;
}

static struct error *carry_out(struct finder *f, const struct erase_command *c)
{
	struct place p;
	bool pointer;
	uint64_t len;

	TRY(find_place(f, &c->what, 0, &p));
	if (!p.va)
		return NULL;
	pointer = ctype_kind(f->k, p.type) == CTYPE_PTR;
	if (c->how == ERASE_NULLIFY)
		return pointer ? add_spot(f, c, p.va, f->k->long_size) :
				 error_new(ERROR_USAGE, "%s is no pointer that could be nullified", c->what.text);
	if (pointer)
		TRY(follow(f, &p));
	if (!p.va)
		return NULL;
	if (!c->has_size)
		TRY(own_size(f, &p, pointer, &len));
	else if (c->size_is_number)
		len = c->number;
	else
		TRY(size_in(f, &c->size, &len));
	return add_spot(f, c, p.va, len);
}

static struct error *carry_out_all(struct finder *f)
{
	for (size_t i = 0; i < f->rule->n; i++) {
		const struct erase_command *c = &f->r->rules->commands.v[f->rule->first + i];

		TRY(say(f, c->line, error_prefix(carry_out(f, c), "%s", c->what.text)));
	}
	return NULL;
}

/* ---- loops ---- */

static struct error *loop_array(struct finder *f, struct place p)
{
	struct ctype of;
	uint64_t len, size, target;

	if (!ctype_target(f->k, p.type, &of, &len) || !ctype_size(f->k, of, &size) || !size)
		return error_new(ERROR_USAGE, "%s: an array of things without a size", f->rule->in.text);
	for (uint64_t i = 0; i < len; i++) {
		f->element = (struct place){ p.va + i * size, of };
		if (ctype_kind(f->k, of) == CTYPE_PTR) {
			TRY(vmem_read_long(f->k, f->element.va, &target));
			if (!target)
				continue;
		}
		TRY(carry_out_all(f));
	}
	return NULL;
}

/* Remembers one node, further and further on (Brent): whoever comes by it again goes in circles. */
struct circle {
	uint64_t mark, steps, next;
};

static struct error *step(struct finder *f, struct circle *c, uint64_t node)
{
	if (c->steps && node == c->mark)
		return error_new(ERROR_BAD_DATA, "%s: the list goes in circles at 0x%llx", f->rule->in.text,
				 (unsigned long long)node);
	if (c->steps++ == NODES_MAX)
		return error_new(ERROR_BAD_DATA, "%s: a list of more than %u nodes", f->rule->in.text, NODES_MAX);
	if (c->steps > c->next) {
		c->mark = node;
		c->next = 2 * c->steps;
	}
	return NULL;
}

/* From node to node through a member, up to null or the first one. */
static struct error *loop_via(struct finder *f, struct place p, const char *via)
{
	struct circle circle = { 0 };
	struct ctype type;
	uint64_t first;

	TRY(come_to_struct(f, &p));
	if (ctype_kind(f->k, p.type) != CTYPE_STRUCT)
		return error_new(ERROR_USAGE, "%s is no struct to go on from through %s", f->rule->in.text, via);
	first = p.va;
	type = p.type;
	while (p.va) {
		TRY(step(f, &circle, p.va));
		f->element = p;
		TRY(carry_out_all(f));
		TRY(take_member(f, via, &p));
		if (ctype_kind(f->k, p.type) != CTYPE_PTR)
			return error_new(ERROR_USAGE, "%s: member %s is no pointer", f->rule->in.text, via);
		TRY(vmem_read_long(f->k, p.va, &p.va));
		p.type = type;
		if (p.va == first)
			return NULL;
	}
	return NULL;
}

static bool is_list_head(struct finder *f, struct ctype t)
{
	struct btf_type b;

	return ctype_base(f->k, t, &b) && b.kind == BTF_STRUCT && !strcmp(b.name, "list_head");
}

/* The structs around the nodes of a list_head's list. `way`: next or prev. */
static struct error *loop_list(struct finder *f, const struct place *head, const char *way)
{
	struct circle circle = { 0 };
	struct ctype type, member_type;
	struct member way_m, m;
	uint64_t node;

	if (!f->rule->within)
		return error_new(ERROR_USAGE, "%s is a list: say within STRUCT:MEMBER", f->rule->in.text);
	TRY(parse_type(f, f->rule->within, &type));
	TRY(ctype_member(f->k, type, f->rule->member, &m, &member_type));
	if (!is_list_head(f, member_type))
		return error_new(ERROR_USAGE, "%s:%s is no list_head", f->rule->within, f->rule->member);
	TRY(ctype_member(f->k, head->type, way, &way_m, &member_type));
	TRY(vmem_read_long(f->k, head->va + way_m.off, &node));
	while (node && node != head->va) {
		TRY(step(f, &circle, node));
		f->element = (struct place){ node - m.off, type };
		TRY(carry_out_all(f));
		TRY(vmem_read_long(f->k, node + way_m.off, &node));
	}
	return NULL;
}

/* `in LIST.next` is a list too; so says the last member and what it is asked of. */
static struct error *loop_list_by_way(struct finder *f, bool *ret_done)
{
	const struct words *path = &f->rule->in.path;
	const char *way = path->n ? path->v[path->n - 1] : "";
	struct place p;

	*ret_done = false;
	if (strcmp(way, "next") != 0 && strcmp(way, "prev") != 0)
		return NULL;
	TRY(find_place(f, &f->rule->in, 1, &p));
	TRY(come_to_struct(f, &p));
	if (!p.va || !is_list_head(f, p.type))
		return NULL;
	*ret_done = true;
	return loop_list(f, &p, way);
}

static struct error *loop(struct finder *f)
{
	struct place p;
	bool done;

	TRY(loop_list_by_way(f, &done));
	if (done)
		return NULL;
	TRY(find_place(f, &f->rule->in, 0, &p));
	if (!p.va)
		return NULL;
	if (ctype_kind(f->k, p.type) == CTYPE_ARRAY)
		return loop_array(f, p);
	if (is_list_head(f, p.type))
		return loop_list(f, &p, "next");
	return loop_via(f, p, f->rule->via ? f->rule->via : "next");
}

/* ---- all rules ---- */

/* False: the section's module is not loaded, and there is nothing of it to erase. */
static bool find_module(struct finder *f, const char *name)
{
	f->module = NULL;
	if (!name)
		return true;
	for (size_t i = 0; i < modules_count(f->k) && !f->module; i++)
		if (!strcmp(module_at(f->k, i)->name, name))
			f->module = module_at(f->k, i);
	return f->module != NULL;
}

static struct error *run_rule(struct finder *f)
{
	struct error *e;

	if (!f->rule->loop)
		return carry_out_all(f);
	e = loop(f);
	return say(f, f->rule->line, e);
}

static bool cpu_exists(struct finder *f, unsigned cpu)
{
	bool possible = false;

	error_free(cpu_in_mask(f->k, "possible", cpu, &possible));
	return possible;
}

static struct error *run_rules(struct finder *f)
{
	const char *absent = NULL;

	for (size_t i = 0; i < f->r->rules->list.n; i++) {
		f->rule = &f->r->rules->list.v[i];
		if (!find_module(f, f->rule->module)) {
			if (!text_equal(absent, f->rule->module))
				strbuf_printf(f->why, "%s:%u: module %s is not loaded: its rules do not count.\n",
					      f->r->rules->name, f->rule->line, f->rule->module);
			absent = f->rule->module;
			continue;
		}
		/* a rule about per-CPU variables counts for each CPU's */
		f->met_percpu = false;
		TRY(run_rule(f));
		for (f->cpu = 1; f->met_percpu && cpu_exists(f, f->cpu); f->cpu++)
			TRY(run_rule(f));
		f->cpu = 0;
	}
	return NULL;
}

struct error *erase_find(const struct erase_request *r, struct strbuf *why, struct erase_spots *ret)
{
	_cleanup_free_ uint32_t *turns = calloc(r->rules->commands.n + 1, sizeof(*turns));
	struct finder f = { .r = r, .k = r->kernel, .why = why, .spots = ret, .turns = turns };

	return turns ? run_rules(&f) : error_nomem();
}

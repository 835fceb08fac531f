/* Running grub.cfg; see grub.h. */
#include "service/grub.h"

#include <string.h>

#include "service/bls.h"
#include "service/grub_words.h"
#include "service/rootpath.h"

#define STEPS_MAX  200000 /* statements */
#define DEPTH_MAX  24	  /* conditions, menus and files in each other */
#define ITEMS_MAX  10000
#define FILE_LIMIT (4u << 20)

struct item {
	char *title, *id;
	bool submenu;
	char *body;	     /* of a menuentry or submenu; null for a BLS entry */
	char *kernel, *options; /* of a BLS entry */
	struct words initrds;
};

struct script {
	const struct grub_where *where;
	struct words vars;  /* name, value, name, value, ... */
	VECTOR(struct item) menu;
	struct boot_entry *entry; /* while an entry's body runs */
	unsigned steps, depth;
};

static void item_done(struct item *i)
{
	free(i->title);
	free(i->id);
	free(i->body);
	free(i->kernel);
	free(i->options);
	words_done(&i->initrds);
}

static void menu_done(struct script *s)
{
	for (size_t i = 0; i < s->menu.n; i++)
		item_done(&s->menu.v[i]);
	vector_done(&s->menu);
}

/* A path of the script as a name below our root: "(hd0,gpt2)/grub/x", "$prefix/x". */
static bool file_there(const struct script *s, const char *path, bool not_empty)
{
	_cleanup_free_ char *text = NULL, *name = NULL;
	const char *base = strrchr(path, '/');
	struct error *e;
	size_t len = 0;

	if (s->where->root < 0 || !base || asprintf(&name, "%s%s", s->where->folder, base) < 0)
		return false;
	e = file_read(s->where->root, name, FILE_LIMIT, &text, &len);
	error_free(e); /* only asked whether */
	return !e && (len || !not_empty);
}

static bool test_one(const struct script *s, char **v, size_t n)
{
	if (n == 1)
		return *v[0];
	if (n == 2 && !strcmp(v[0], "-n"))
		return *v[1];
	if (n == 2 && !strcmp(v[0], "-z"))
		return !*v[1];
	if (n == 2 && (!strcmp(v[0], "-f") || !strcmp(v[0], "-e") || !strcmp(v[0], "-s")))
		return file_there(s, v[1], v[0][1] == 's');
	if (n == 3 && (!strcmp(v[1], "=") || !strcmp(v[1], "==")))
		return !strcmp(v[0], v[2]);
	if (n == 3 && !strcmp(v[1], "!="))
		return strcmp(v[0], v[2]);
	if (n == 3 && v[1][0] == '-') {
		uint64_t a, b;

		if (!text_u64(v[0], &a) || !text_u64(v[2], &b))
			return false;
		return !strcmp(v[1], "-eq") ? a == b :
		       !strcmp(v[1], "-ne") ? a != b :
		       !strcmp(v[1], "-gt") ? a > b :
		       !strcmp(v[1], "-ge") ? a >= b :
		       !strcmp(v[1], "-lt") ? a < b :
		       !strcmp(v[1], "-le") ? a <= b :
					      false;
	}
	return false;
}

/* -o binds less than -a, ! most. */
static bool test(const struct script *s, char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i], "-o"))
			return test(s, v, i) || test(s, v + i + 1, n - i - 1);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i], "-a"))
			return test(s, v, i) && test(s, v + i + 1, n - i - 1);
	if (n > 1 && !strcmp(v[0], "!"))
		return !test(s, v + 1, n - 1);
	return n && test_one(s, v, n);
}

struct error *grubenv_parse(const char *text, struct words *vars)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return error_nomem();
	while ((line = text_next_line(&rest))) {
		char *equal = strchr(line, '='), *to;

		if (line[0] == '#' || !equal)
			continue;
		*equal++ = '\0';
		to = equal;
		for (char *from = equal; *from; from++) {
			from += *from == '\\' && from[1];
			*to++ = *from;
		}
		*to = '\0';
		TRY(words_add(vars, line));
		TRY(words_add(vars, equal));
	}
	return NULL;
}

static struct error *load_env(struct script *s)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_words_ struct words vars = { 0 };
	struct error *e;

	if (s->where->root < 0)
		return NULL;
	if (asprintf(&path, "%s/grubenv", s->where->folder) < 0)
		return error_nomem();
	e = file_read(s->where->root, path, 65536, &text, NULL);
	if (error_drop_if(&e, ERROR_NOT_FOUND))
		return NULL;
	TRY(e);
	TRY(grubenv_parse(text, &vars));
	for (size_t i = 0; i + 1 < vars.n; i += 2)
		TRY(grub_set_variable(&s->vars, vars.v[i], vars.v[i + 1]));
	return NULL;
}

static struct error *add_item(struct script *s, struct item *i)
{
	if (s->menu.n >= ITEMS_MAX)
		return error_new(ERROR_BAD_DATA, "over %d menu entries", ITEMS_MAX);
	if (!vector_push(&s->menu, *i))
		return error_nomem();
	*i = (struct item){ 0 };
	return NULL;
}

/* GRUB's own order of these is by name alone, the newest first; ours agrees where keys are equal. */
static struct error *add_bls(struct script *s)
{
	_cleanup_bls_list_ struct bls_list l = { 0 };

	if (s->where->root < 0)
		return NULL;
	TRY(bls_read(s->where->root, &l));
	for (size_t n = 0; n < l.v.n; n++) {
		struct bls_entry *b = &l.v.v[n];
		struct item i = { 0 };
		struct error *e;

		i.title = take_ptr(b->title);
		i.id = text_ends(b->id, ".conf") ? strndup(b->id, strlen(b->id) - 5) : strdup(b->id);
		i.kernel = take_ptr(b->kernel);
		i.options = take_ptr(b->options);
		i.initrds = b->initrds;
		b->initrds = (struct words){ 0 };
		e = i.id ? add_item(s, &i) : error_nomem();
		item_done(&i);
		TRY(e);
	}
	return NULL;
}

static struct error *run_list(struct script *s, struct grub_reader *r, bool on, const char *const *stops,
			      int *ret);

static struct error *run_text(struct script *s, const char *text)
{
	struct grub_reader r = { text };
	int status = 0;

	return run_list(s, &r, true, NULL, &status);
}

/* Another file beside grub.cfg (the stub on the EFI partition names the real one). */
static struct error *include(struct script *s, const char *path)
{
	_cleanup_free_ char *text = NULL, *name = NULL;
	static const char *const folders[] = { "boot/grub", "boot/grub2" };
	const char *base = strrchr(path, '/');

	if (s->where->root < 0 || !base)
		return NULL;
	for (size_t i = 0; i <= ARRAY_SIZE(folders); i++) {
		const char *folder = i ? folders[i - 1] : s->where->folder;
		struct error *e;

		/* the stub's own folder does not hold what it includes under its own name */
		if (!i && !strcmp(base, "/grub.cfg"))
			continue;
		free(name);
		if (asprintf(&name, "%s%s", folder, base) < 0) {
			name = NULL;
			return error_nomem();
		}
		e = file_read(s->where->root, name, FILE_LIMIT, &text, NULL);
		if (error_drop_if(&e, ERROR_NOT_FOUND))
			continue;
		TRY(e);
		return run_text(s, text);
	}
	return NULL;
}

static struct error *set_all(struct script *s, const struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		char *equal = strchr(w->v[i], '=');

		if (equal) {
			*equal = '\0';
			TRY(grub_set_variable(&s->vars, w->v[i], equal + 1));
		}
	}
	return NULL;
}

static bool is_any(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

/* An argument as GRUB hands it to the kernel: in quotes when it holds a blank
 * (grub_create_loader_cmdline()). */
static void add_argument(struct strbuf *line, const char *word)
{
	bool quote = strchr(word, ' ');

	if (line->len)
		strbuf_putc(line, ' ');
	if (quote)
		strbuf_putc(line, '"');
	for (; *word; word++) {
		if (strchr("\\'\"", *word))
			strbuf_putc(line, '\\');
		strbuf_putc(line, *word);
	}
	if (quote)
		strbuf_putc(line, '"');
}

/* linux PATH ARGUMENTS..., initrd PATH..., chainloader PATH (a unified image). */
static struct error *run_entry_command(struct boot_entry *e, const struct words *w, bool *ret_known)
{
	static const char *const linuxes[] = { "linux", "linux16", "linuxefi", "chainloader", NULL };
	static const char *const initrds[] = { "initrd", "initrd16", "initrdefi", NULL };

	*ret_known = is_any(w->v[0], linuxes) || is_any(w->v[0], initrds);
	if (is_any(w->v[0], linuxes) && w->n > 1) {
		_cleanup_strbuf_ struct strbuf line = { 0 };

		for (size_t i = 2; i < w->n; i++)
			add_argument(&line, w->v[i]);
		TRY(strbuf_error(&line));
		free(e->kernel);
		free(e->cmdline);
		e->kernel = strdup(w->v[1]);
		e->cmdline = !strcmp(w->v[0], "chainloader") ? NULL : strdup(strbuf_str(&line));
		return e->kernel ? NULL : error_nomem();
	}
	if (is_any(w->v[0], initrds))
		for (size_t i = 1; i < w->n; i++)
			TRY(words_add(&e->initrds, w->v[i]));
	return NULL;
}

static struct error *run_command(struct script *s, struct words *w, int *ret)
{
	static const char *const good[] = { "true", "insmod", "search", "export", "save_env", "terminal_output",
					    "terminal_input", "echo", "unset", NULL };
	const char *name = w->v[0];
	bool known = false;

	*ret = 0;
	if (s->entry)
		TRY(run_entry_command(s->entry, w, &known));
	if (known)
		return NULL;
	if (!strcmp(name, "set"))
		return set_all(s, w);
	if (!strcmp(name, "load_env"))
		return load_env(s);
	if (!strcmp(name, "blscfg"))
		return add_bls(s);
	if (w->n > 1 && (!strcmp(name, "configfile") || !strcmp(name, "source") || !strcmp(name, ".")))
		return include(s, w->v[1]);
	if (!strcmp(name, "[") || !strcmp(name, "test")) {
		size_t n = w->n - 1 - (w->n > 1 && !strcmp(w->v[w->n - 1], "]"));

		*ret = !test(s, w->v + 1, n);
		return NULL;
	}
	if (!strcmp(name, "unset") && w->n > 1)
		return grub_set_variable(&s->vars, w->v[1], "");
	if (strchr(name, '=') && name[0] != '=') /* name=value */
		return set_all(s, &(struct words){ .v = (char *[]){ NULL, w->v[0] }, .n = 2 });
	*ret = !is_any(name, good);
	return NULL;
}

/* "menuentry TITLE --id ID ... {": the body is kept as text. */
static struct error *run_menu(struct script *s, struct grub_reader *r, bool on, const struct words *w)
{
	struct item i = { .submenu = !strcmp(w->v[0], "submenu") };
	const char *end, *start;
	struct error *e;
	int status;

	if (grub_peek(r, &end) != GRUB_OPEN)
		return error_new(ERROR_BAD_DATA, "%s without a body in braces", w->v[0]);
	r->at = start = end;
	TRY(run_list(s, r, false, NULL, &status));
	if (grub_peek(r, &end) != GRUB_CLOSE)
		return error_new(ERROR_BAD_DATA, "a brace is not closed");
	i.body = on ? strndup(start, (size_t)(r->at - start)) : NULL;
	r->at = end;
	if (!on)
		return NULL;
	i.title = w->n > 1 ? strdup(w->v[1]) : strdup("");
	for (size_t n = 2; n < w->n && !i.id; n++) {
		const char *id = text_after(w->v[n], "--id=");

		if (!id && n + 1 < w->n && (!strcmp(w->v[n], "--id") || !strcmp(w->v[n], "$menuentry_id_option")))
			id = w->v[n + 1];
		i.id = id ? strdup(id) : NULL;
	}
	e = i.title && i.body ? add_item(s, &i) : error_nomem();
	item_done(&i);
	return e;
}

static struct error *run_if(struct script *s, struct grub_reader *r, bool on)
{
	static const char *const then[] = { "then", NULL };
	static const char *const ends[] = { "elif", "else", "fi", NULL };
	bool done = false;
	int status;

	do {
		bool yes;

		grub_take(r); /* if, elif */
		TRY(run_list(s, r, on && !done, then, &status));
		yes = on && !done && status == 0;
		if (!grub_at_word(r, "then"))
			return error_new(ERROR_BAD_DATA, "\"if\" without \"then\"");
		grub_take(r);
		TRY(run_list(s, r, yes, ends, &status));
		done |= yes;
	} while (grub_at_word(r, "elif"));
	if (grub_at_word(r, "else")) {
		grub_take(r);
		TRY(run_list(s, r, on && !done, ends, &status));
	}
	if (!grub_at_word(r, "fi"))
		return error_new(ERROR_BAD_DATA, "\"if\" without \"fi\"");
	grub_take(r);
	return NULL;
}

/* Loops and functions are read over: what grub-mkconfig makes has none that choose an entry. */
static struct error *skip_loop(struct script *s, struct grub_reader *r)
{
	static const char *const starts[] = { "do", NULL }, *const ends[] = { "done", NULL };
	int status;

	grub_take(r);
	TRY(run_list(s, r, false, starts, &status));
	if (grub_at_word(r, "do"))
		grub_take(r);
	TRY(run_list(s, r, false, ends, &status));
	if (!grub_at_word(r, "done"))
		return error_new(ERROR_BAD_DATA, "a loop without \"done\"");
	grub_take(r);
	return NULL;
}

static struct error *skip_function(struct script *s, struct grub_reader *r)
{
	const char *end;
	int status;

	grub_take(r);
	grub_take(r); /* its name */
	if (grub_peek(r, &end) != GRUB_OPEN)
		return error_new(ERROR_BAD_DATA, "a function without a body in braces");
	r->at = end;
	TRY(run_list(s, r, false, NULL, &status));
	if (grub_peek(r, &end) != GRUB_CLOSE)
		return error_new(ERROR_BAD_DATA, "a brace is not closed");
	r->at = end;
	return NULL;
}

static struct error *run_statement(struct script *s, struct grub_reader *r, bool on, int *ret)
{
	static const char *const loops[] = { "for", "while", "until", NULL };
	static const char *const menus[] = { "menuentry", "submenu", NULL };
	_cleanup_words_ struct words w = { 0 };
	const char *before = r->at, *end;

	if (++s->steps > STEPS_MAX)
		return error_new(ERROR_BAD_DATA, "over %d commands", STEPS_MAX);
	*ret = 0;
	if (grub_at_word(r, "if"))
		return run_if(s, r, on);
	if (grub_at_any(r, loops))
		return skip_loop(s, r);
	if (grub_at_word(r, "function"))
		return skip_function(s, r);
	if (grub_peek(r, &end) == GRUB_OPEN) { /* a brace of its own groups */
		r->at = end;
		return NULL;
	}
	TRY(grub_read_words(&s->vars, r, &w));
	if (is_any(w.v[0], menus))
		return run_menu(s, r, on, &w);
	if (r->at == before)
		grub_take(r); /* never stand still */
	return on ? run_command(s, &w, ret) : NULL;
}

/* Up to the end, a closing brace, or one of `stops` where a command may stand. */
static struct error *run_list(struct script *s, struct grub_reader *r, bool on, const char *const *stops,
			      int *ret)
{
	struct error *e = NULL;
	const char *end;
	enum grub_token t;

	*ret = 0;
	if (++s->depth > DEPTH_MAX)
		e = error_new(ERROR_BAD_DATA, "over %d levels of conditions and menus", DEPTH_MAX);
	while (!e && (t = grub_peek(r, &end)) != GRUB_END && t != GRUB_CLOSE && !grub_at_any(r, stops)) {
		if (t == GRUB_SEPARATOR)
			r->at = end;
		else
			e = run_statement(s, r, on, ret);
	}
	s->depth--;
	return e;
}

/* By id, title, or number from 0. */
static const struct item *find(const struct script *s, const char *name)
{
	uint64_t nr;

	for (size_t i = 0; i < s->menu.n; i++)
		if (text_equal(s->menu.v[i].id, name) || text_equal(s->menu.v[i].title, name))
			return &s->menu.v[i];
	return text_u64(name, &nr) && nr < s->menu.n ? &s->menu.v[nr] : NULL;
}

static struct error *no_such_entry(const struct script *s, const char *name)
{
	if (!s->menu.n)
		return error_new(ERROR_NOT_FOUND, "the menu has no entry");
	return error_new(ERROR_NOT_FOUND, "the menu has no entry \"%s\"", name);
}

/* A BLS entry's options hold variables: $kernelopts, $tuned_params. */
static struct error *start_bls(struct script *s, const struct item *i, struct boot_entry *e)
{
	const char *from = i->options ? i->options : "";
	struct grub_reader r = { from };
	_cleanup_words_ struct words w = { 0 };
	_cleanup_strbuf_ struct strbuf line = { 0 };

	TRY(words_add(&w, "linux"));
	TRY(grub_read_words(&s->vars, &r, &w));
	for (size_t n = 1; n < w.n; n++)
		add_argument(&line, w.v[n]);
	TRY(strbuf_error(&line));
	e->kernel = strdup(i->kernel);
	e->cmdline = i->options ? strdup(strbuf_str(&line)) : NULL;
	for (size_t n = 0; n < i->initrds.n; n++)
		if (i->initrds.v[n][0] != '$') /* $tuned_initrd */
			TRY(words_add(&e->initrds, i->initrds.v[n]));
	return e->kernel ? NULL : error_nomem();
}

static struct error *start(struct script *s, const struct item *i, struct boot_entry *e)
{
	e->loader = strdup("GRUB");
	e->title = i->title ? strdup(i->title) : NULL;
	e->id = i->id ? strdup(i->id) : NULL;
	if (!i->body)
		return start_bls(s, i, e);
	s->entry = e;
	TRY(run_text(s, i->body));
	if (e->kernel)
		return NULL;
	/* the menu may have moved while the body ran */
	return error_new(ERROR_UNSUPPORTED, "the entry \"%s\" starts no Linux kernel", e->title);
}

/* The list below a submenu takes the place of the menu. */
static struct error *open_submenu(struct script *s, const struct item *i)
{
	_cleanup_free_ char *body = strdup(i->body);

	if (!body)
		return error_nomem();
	menu_done(s);
	return run_text(s, body);
}

/* `path` is "ENTRY" or "SUBMENU>ENTRY"; a title may hold '>' itself, so the whole is tried first. */
static struct error *choose(struct script *s, const char *path, struct boot_entry *ret)
{
	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		const char *mark = strchr(path, '>');
		_cleanup_free_ char *name = strndup(path, mark ? (size_t)(mark - path) : strlen(path));
		const struct item *i = find(s, path);

		if (!name)
			return error_nomem();
		if (i)
			mark = NULL;
		else
			i = find(s, name);
		if (!i)
			return no_such_entry(s, path);
		if (!i->submenu)
			return start(s, i, ret);
		TRY(open_submenu(s, i));
		path = mark ? mark + 1 : "0";
	}
	return error_new(ERROR_BAD_DATA, "menus in each other %d deep", DEPTH_MAX);
}

static struct error *run(struct script *s, const char *text, const char *wanted, struct boot_entry *ret)
{
	_cleanup_free_ char *path = NULL;
	const char *chosen;
	struct error *e;

	TRY(grub_set_variable(&s->vars, "menuentry_id_option", "--id"));
	TRY(grub_set_variable(&s->vars, "feature_menuentry_id", "y"));
	TRY(grub_set_variable(&s->vars, "prefix", "/grub"));
	TRY(run_text(s, text));
	chosen = grub_variable(&s->vars, "default", 7);
	path = strdup(wanted ? wanted : *chosen ? chosen : "0");
	if (!path)
		return error_nomem();
	e = choose(s, path, ret);
	if (e && error_kind(e) == ERROR_NOT_FOUND && !wanted && s->menu.n && strcmp(path, "0")) {
		error_free(e); /* as GRUB does: an entry that is gone means the first */
		e = choose(s, "0", ret);
	}
	return e;
}

struct error *grub_entry(const struct grub_where *where, const char *text, const char *wanted,
			 struct boot_entry *ret)
{
	struct script s = { .where = where };
	struct boot_entry entry = { 0 };
	struct error *e = run(&s, text, wanted, &entry);

	if (!e)
		*ret = entry;
	else
		boot_entry_done(&entry);
	menu_done(&s);
	words_done(&s.vars);
	return e;
}

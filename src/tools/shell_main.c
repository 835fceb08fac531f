/*
 * crash [VMLINUX] DUMP, salvage shell DUMP. The kernel's own file is not needed: what it would
 * tell is in the dump. It is taken where scripts give it, and left alone.
 */
#include "tools/shell_main.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "dump/age.h"
#include "report/saved.h"
#include "shell/shell.h"
#include "tools/salvage.h"

enum { OPT_SILENT = 1, OPT_INPUT, OPT_EXCLUDED, OPT_NO_SCROLL, OPT_HEX, OPT_DEC, OPT_NO_RC, OPT_IDENTITY, OPT_HELP, OPT_VERSION,
       OPT_IGNORED, OPT_IGNORED_VALUE };

static const struct option_def defs[] = {
	{'s', NULL, NULL, "no banner, no stack at the start", OPT_SILENT},
	{'i', NULL, "FILE", "run the commands in FILE first; - for standard input", OPT_INPUT},
	{0, "zero_excluded", NULL, "memory left out of the dump reads as zeros", OPT_EXCLUDED},
	{0, "hex", NULL, "numbers in structures in hexadecimal", OPT_HEX},
	{0, "dec", NULL, "numbers in structures in decimal", OPT_DEC},
	{0, "no_crashrc", NULL, "do not run .crashrc", OPT_NO_RC},
	{0, "identity", "FILE", "the secret key that DUMP was encrypted for", OPT_IDENTITY},
	{'h', "help", NULL, "show this text", OPT_HELP},
	{'v', "version", NULL, "show the version", OPT_VERSION},
	/* of the classic shell: about files and tables that are not needed here */
	{'f', NULL, NULL, NULL, OPT_IGNORED},
	{'S', NULL, NULL, NULL, OPT_IGNORED},
	{'g', NULL, NULL, NULL, OPT_IGNORED},
	{'x', NULL, NULL, NULL, OPT_IGNORED},
	{'c', NULL, "TTY", NULL, OPT_IGNORED_VALUE},
	{'d', NULL, "N", NULL, OPT_IGNORED_VALUE},
	{'e', NULL, "MODE", NULL, OPT_IGNORED_VALUE},
	{'m', NULL, "VALUE", NULL, OPT_IGNORED_VALUE},
	{'p', NULL, "SIZE", NULL, OPT_IGNORED_VALUE},
	{0, "minimal", NULL, NULL, OPT_IGNORED},
	{0, "no_modules", NULL, NULL, OPT_IGNORED},
	{0, "no_kmem_cache", NULL, NULL, OPT_IGNORED},
	{0, "no_kallsyms", NULL, NULL, OPT_IGNORED},
	{0, "no_panic", NULL, NULL, OPT_IGNORED},
	{0, "no_elf_notes", NULL, NULL, OPT_IGNORED},
	{0, "no_scroll", NULL, "long output does not go through a pager", OPT_NO_SCROLL},
	{0, "no_strip", NULL, NULL, OPT_IGNORED},
	{0, "no_data_debug", NULL, NULL, OPT_IGNORED},
	{0, "no_namelist_gzip", NULL, NULL, OPT_IGNORED},
	{0, "less", NULL, NULL, OPT_IGNORED},
	{0, "more", NULL, NULL, OPT_IGNORED},
	{0, "CRASHPAGER", NULL, NULL, OPT_IGNORED},
	{0, "readnow", NULL, NULL, OPT_IGNORED},
	{0, "smp", NULL, NULL, OPT_IGNORED},
	{0, "mod", "FOLDER", NULL, OPT_IGNORED_VALUE},
	{0, "kaslr", "OFFSET", NULL, OPT_IGNORED_VALUE},
	{0, "reloc", "SIZE", NULL, OPT_IGNORED_VALUE},
	{0, "cpus", "N", NULL, OPT_IGNORED_VALUE},
	{0, "machdep", "VALUE", NULL, OPT_IGNORED_VALUE},
	{0},
};

struct wishes {
	const char *program;
	const char *input; /* -i */
	bool silent, zero_excluded, no_rc, no_scroll;
	unsigned radix;
	struct words dumps;
};

static void help(const char *program, FILE *to)
{
	fprintf(to,
		"Usage: %s [OPTION]... [VMLINUX] DUMP...\n"
		"Asks a dead kernel questions. Needs the dump, nothing else: VMLINUX is taken and not read.\n"
		"DUMP is a vmcore or a folder that holds one; several are the parts of one split dump.\n\n",
		program);
	options_help(defs, to);
	fputs("\nInside, \"help\" lists the commands.\n", to);
}

/* A kernel's own file (or its System.map), which may stand on the command line beside the dump. */
static bool is_namelist(const char *path)
{
	unsigned char head[20] = {0};
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint16_t type;

	if (fd < 0 || read(fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		return false;
	if (memcmp(head, ELFMAG, SELFMAG) == 0) {
		type = get_u16(head + 16, head[EI_DATA] == ELFDATA2MSB);
		return type == ET_EXEC || type == ET_DYN || type == ET_REL;
	}
	/* "ffffffff81000000 T _text" */
	return strspn((const char *)head, "0123456789abcdef") == 16 && head[16] == ' ' && head[18] == ' ';
}

/* Returns -1 to go on, or an exit code. */
static int read_options(int argc, char **argv, struct wishes *w)
{
	struct options o;
	struct error *e = options_begin(&o, defs, argc, argv);
	int id = 0;

	while (!e && (id = options_next(&o)) > 0) {
		switch (id) {
		case OPT_SILENT:
			w->silent = true;
			break;
		case OPT_INPUT:
			w->input = o.value;
			break;
		case OPT_EXCLUDED:
			w->zero_excluded = true;
			break;
		case OPT_NO_SCROLL:
			w->no_scroll = true;
			break;
		case OPT_HEX:
			w->radix = 16;
			break;
		case OPT_DEC:
			w->radix = 10;
			break;
		case OPT_NO_RC:
			w->no_rc = true;
			break;
		case OPT_IDENTITY:
			e = age_use_identities(o.value);
			break;
		case OPT_HELP:
		case OPT_VERSION:
			if (id == OPT_HELP)
				help(w->program, stdout);
			else
				printf("%s %s (salvage)\n", w->program, SALVAGE_VERSION);
			options_done(&o);
			return EXIT_FINE;
		}
	}
	for (int i = e ? argc : options_rest(&o); i < argc && !e; i++) {
		_cleanup_free_ char *file = NULL;

		if (is_namelist(argv[i]))
			continue;
		e = saved_dump_path(argv[i], &file);
		if (!e)
			e = words_add(&w->dumps, file);
	}
	if (e) {
		log_error("%s", error_message(e));
		error_free(e);
		return EXIT_FAILED;
	}
	options_done(&o);
	if (id < 0)
		return EXIT_WRONG_USAGE;
	if (!w->dumps.n) {
		log_error("expected a DUMP, a vmcore or a folder with one; see --help");
		return EXIT_WRONG_USAGE;
	}
	return -1;
}

static struct error *run_input(struct shell *sh, const char *name)
{
	FILE *f = text_equal(name, "-") ? stdin : fopen(name, "re");
	struct error *e;

	if (!f)
		return error_sys(errno, "%s: cannot open", name);
	e = shell_run_file(sh, f, name);
	if (f != stdin)
		fclose(f);
	return e;
}

static struct error *talk(const struct wishes *w, struct shell *sh)
{
	bool terminal = isatty(STDIN_FILENO);

	sh->set.zero_excluded = w->zero_excluded;
	sh->set.silent = w->silent;
	sh->no_scroll = w->no_scroll;
	if (w->radix)
		sh->set.radix = w->radix;
	shell_catch_interrupts();
	if (!w->silent) {
		TRY(shell_run_line(sh, "sys"));
		TRY(shell_run_line(sh, "set"));
		fputc('\n', sh->out);
	}
	if (!w->no_rc)
		TRY(shell_run_rc(sh));
	if (w->input)
		TRY(run_input(sh, w->input));
	if (sh->ended || text_equal(w->input, "-"))
		return NULL;
	return terminal ? shell_interact(sh) : shell_run_file(sh, stdin, "standard input");
}

static struct error *open_and_talk(const struct wishes *w, int *ret_exit)
{
	_cleanup_dump_ struct dump *d = NULL;
	_cleanup_kernel_ struct kernel *k = NULL;
	_cleanup_shell_ struct shell *sh = NULL;

	TRY(dump_open_set(w->dumps.v, w->dumps.n, &d));
	TRY(kernel_open(d, &k));
	TRY(shell_open(d, k, w->dumps.v[0], stdout, stderr, &sh));
	TRY(talk(w, sh));
	*ret_exit = sh->failed && !isatty(STDIN_FILENO) ? EXIT_FAILED : EXIT_FINE;
	return NULL;
}

int shell_main(int argc, char **argv)
{
	struct wishes w = {.program = argv[0]};
	int code = read_options(argc, argv, &w);
	struct error *e = NULL;

	if (code < 0)
		e = open_and_talk(&w, &code);
	if (e) {
		log_error("%s", error_message(e));
		code = error_kind(e) == ERROR_NOT_PERMITTED ? EXIT_FORBIDDEN : EXIT_FAILED;
		error_free(e);
	}
	words_done(&w.dumps);
	return code;
}

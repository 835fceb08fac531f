/* What `list` and `tree` show of each structure they come to. */
#include <string.h>

#include "base/base.h"
#include "shell/row.h"
#include "shell/show.h"

static struct error *show_wanted(struct shell *sh, const char *wanted, uint64_t va, const struct show_how *how,
				 struct strbuf *out)
{
	_cleanup_free_ char *copy = strdup(wanted);
	char *rest = copy, *name = strsep(&rest, "."), *path;
	char text[192];
	struct ctype t;

	if (!copy)
		return error_nomem();
	snprintf(text, sizeof(text), "struct %s", name);
	TRY(ctype_parse(sh->kernel, text, &t));
	if (!rest) {
		strbuf_printf(out, "struct %s ", name);
		TRY(show_object(sh, t, va, how, out));
		strbuf_putc(out, '\n');
	}
	while (rest && (path = strsep(&rest, ",")))
		TRY(show_member(sh, t, path, va, how, out));
	return strbuf_error(out);
}

struct error *show_entry(struct shell *sh, const struct words *wanted, uint64_t va, const struct show_how *how)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	/* the address stays, whatever becomes of the rest */
	row_begin(sh, "entry");
	row_addr(sh, "address", va);
	for (size_t i = 0; i < wanted->n; i++) {
		struct error *e = show_wanted(sh, wanted->v[i], va, how, &out);

		if (e) {
			row_end(sh);
			return e;
		}
	}
	if (wanted->n) {
		row_text(sh, "\n%.*s", (int)(out.len ? out.len - 1 : 0), strbuf_str(&out));
		row_only_str(sh, "shown", strbuf_str(&out));
	}
	row_end(sh);
	return NULL;
}

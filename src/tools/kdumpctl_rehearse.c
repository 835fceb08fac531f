/* kdumpctl rehearse, estimate --measure: the capture in a virtual machine that is thrown away. */
#include <stdio.h>
#include <string.h>

#include "service/capline.h"
#include "service/rehearse.h"
#include "tools/kdumpctl.h"

#define MB(bytes) ((unsigned long long)(bytes) >> 20)
#define STEP	  (4ull << 20)

enum { OPT_JSON = 1, OPT_SCRATCH, OPT_CONSOLE, OPT_LIMIT, OPT_MEMORY, OPT_RESERVE };

const struct option_def rehearse_options[] = {
	{ 'j', "json", NULL, "write JSON (schema kdumpctl.rehearse/1)", OPT_JSON },
	{ 0, "scratch", NULL, "save to an empty disk; the machine's disks are not looked at", OPT_SCRATCH },
	{ 0, "console", NULL, "show the virtual machine's console (standard error)", OPT_CONSOLE },
	{ 0, "limit", "SECONDS", "give up after so long (default 900)", OPT_LIMIT },
	{ 0, "memory", "MIB", "memory of the virtual machine besides the reservation (default 1024)", OPT_MEMORY },
	{ 0, "crashkernel", "SIZE", "rehearse with this reservation instead of the machine's", OPT_RESERVE },
	{ 0 },
};

struct rehearse_args {
	bool json;
	struct rehearse_how how;
};

static bool number(const char *name, const char *text, uint64_t least, uint64_t most, unsigned *ret)
{
	uint64_t n;

	if (!text_u64(text, &n) || n < least || n > most) {
		log_error("--%s: expected a number from %llu to %llu, found \"%s\"", name,
			  (unsigned long long)least, (unsigned long long)most, text);
		return false;
	}
	*ret = n;
	return true;
}

static bool read_args(struct options *o, struct rehearse_args *a)
{
	int id;

	while ((id = options_next(o)) != 0) {
		if (id < 0)
			return false;
		if (id == OPT_JSON)
			a->json = true;
		else if (id == OPT_SCRATCH)
			a->how.disks = REHEARSE_SCRATCH;
		else if (id == OPT_CONSOLE)
			a->how.console = stderr;
		else if (id == OPT_LIMIT && !number("limit", o->value, 10, 86400, &a->how.limit_s))
			return false;
		else if (id == OPT_MEMORY && !number("memory", o->value, 256, 1 << 20, &a->how.ram_mb))
			return false;
		else if (id == OPT_RESERVE && (!text_size(o->value, &a->how.reserve) || a->how.reserve < 16 << 20)) {
			log_error("--crashkernel: expected a size as 192M, found \"%s\"", o->value);
			return false;
		}
	}
	return true;
}

/* Fills in what is the service's. The image is the one on disk, which must be as it should be. */
static bool ready(struct service *s, struct rehearse_how *how, char **ret_line)
{
	_cleanup_words_ struct words reasons = { 0 };
	struct kexec_state state;
	struct error *e;

	if (!(read_sysconfig(s) && kexec_state(s, &state) && read_settings(s) && prepare(s)))
		return false;
	if (!state.crash_loaded)
		log_warning("no capture kernel is loaded; what `kdumpctl start` would load is rehearsed");
	e = image_outdated(&s->image, &reasons);
	if (!e && reasons.n) {
		log_error("%s: %s; run `kdumpctl restart` first", s->kernel.image, reasons.v[0]);
		return false;
	}
	if (!e)
		e = capline_make(s->root, &s->sysconfig, ret_line);
	if (e)
		return failed(e, NULL);
	how->root = s->root;
	how->conf = &s->sysconfig;
	how->kernel = &s->kernel;
	how->target = &s->target;
	how->cmdline = *ret_line;
	if (!how->reserve)
		how->reserve = state.crash_size;
	if (!how->reserve)
		log_error("No memory reserved for crash kernel; --crashkernel=SIZE rehearses with a size of your choice");
	return how->reserve != 0;
}

static const char *const ends[] = {
	[REHEARSE_SAVED] = "saved",	      [REHEARSE_FAILED] = "failed",  [REHEARSE_NO_START] = "no-start",
	[REHEARSE_NOT_LOADED] = "not-loaded", [REHEARSE_TIMEOUT] = "timeout",
};
static const char *const sentences[] = {
	[REHEARSE_SAVED] = "the dump was saved",
	[REHEARSE_FAILED] = "FAILED: the capture began and did not succeed",
	[REHEARSE_NO_START] = "FAILED: the capture kernel did not come as far as its init",
	[REHEARSE_NOT_LOADED] = "FAILED: the capture kernel could not be loaded in the virtual machine",
	[REHEARSE_TIMEOUT] = "FAILED: not done within the limit",
};

static void print_text(const struct service *s, const struct rehearse_how *how, const struct rehearse_result *r)
{
	printf("Result:      %s\n", sentences[r->end]);
	if (r->reason && r->end != REHEARSE_SAVED)
		printf("Last words:  %s\n", r->reason);
	printf("Kernel:      %s\n", s->kernel.kernel);
	printf("Image:       %s\n", s->kernel.image);
	printf("Target:      %s\n", s->target.shown);
	printf("Played on:   %s\n", r->disks ? r->disks : "no disk");
	if (r->saved)
		printf("Saved:       %s\n", r->saved);
	if (r->bytes)
		printf("Size:        %.1f MiB\n", r->bytes / 1048576.0);
	if (r->init_ms)
		printf("Time:        %.1f s from the panic to the capture's init%s\n", r->init_ms / 1000.0,
		       r->slow ? " (emulated: many times slower than the machine)" : "");
	if (r->saved_ms)
		printf("             %.1f s from the panic to the saved dump\n", r->saved_ms / 1000.0);
	printf("Reservation: %llu MiB\n", MB(how->reserve));
	if (r->total_mb)
		printf("Memory:      at most %u of %u MiB that the capture kernel had left for itself\n", r->used_mb,
		       r->total_mb);
}

static struct error *print_json(const struct service *s, const struct rehearse_how *how,
				const struct rehearse_result *r)
{
	_cleanup_strbuf_ struct strbuf b = { 0 };
	struct json j;

	json_init(&j, &b);
	json_open(&j, NULL, '{');
	json_string(&j, "schema", "kdumpctl.rehearse/1");
	json_string(&j, "result", ends[r->end]);
	json_string(&j, "reason", r->end == REHEARSE_SAVED ? NULL : r->reason);
	json_string(&j, "kernel", s->kernel.kernel);
	json_string(&j, "image", s->kernel.image);
	json_string(&j, "command_line", how->cmdline);
	json_string(&j, "target", s->target.shown);
	json_string(&j, "disks", r->disks);
	json_string(&j, "saved", r->saved);
	json_u64(&j, "bytes", r->bytes);
	json_u64(&j, "init_ms", r->init_ms);
	json_u64(&j, "saved_ms", r->saved_ms);
	json_bool(&j, "emulated", r->slow);
	json_u64(&j, "reservation", how->reserve);
	json_u64(&j, "memory_used_mib", r->used_mb);
	json_u64(&j, "memory_total_mib", r->total_mb);
	json_close(&j, '}');
	TRY(strbuf_error(&b));
	fputs(strbuf_str(&b), stdout);
	return NULL;
}

int cmd_rehearse(struct service *s)
{
	_cleanup_rehearse_result_ struct rehearse_result r = { 0 };
	_cleanup_free_ char *line = NULL;
	struct rehearse_args a = { 0 };
	struct error *e;

	if (!read_args(s->options, &a) || !ready(s, &a.how, &line))
		return 1;
	e = rehearse(&a.how, &r);
	if (!e && a.json)
		e = print_json(s, &a.how, &r);
	else if (!e)
		print_text(s, &a.how, &r);
	if (e)
		return !failed(e, NULL);
	return r.end == REHEARSE_SAVED ? 0 : 1;
}

static void tried(uint64_t size, enum rehearse_end end)
{
	log_info("%lluM: %s", MB(size), ends[end]);
}

static struct error *measure(struct service *s, struct rehearse_how *how, bool json)
{
	_cleanup_rehearse_result_ struct rehearse_result r = { 0 };
	uint64_t least = 0, floor = 0, guess;
	struct rehearse_how bare;

	(void)s;
	TRY(rehearse(how, &r));
	tried(how->reserve, r.end);
	if (r.end != REHEARSE_SAVED)
		return error_new(ERROR_OTHER, "with %lluM the capture does not succeed: %s%s%s", MB(how->reserve),
				 sentences[r.end], r.reason ? "; last words: " : "", r.reason ? r.reason : "");
	/* what was used, and what the kernel took before it counted */
	guess = how->reserve - ((uint64_t)(r.total_mb - r.used_mb) << 20);
	TRY(rehearse_smallest(how, how->reserve, guess, STEP, tried, &least));
	log_info("the floor, an init that only powers off:");
	bare = *how;
	bare.floor = true;
	bare.disks = REHEARSE_NONE;
	/* the capture itself takes little more than the kernel that carries it */
	TRY(rehearse_smallest(&bare, least, least - least / 16, STEP, tried, &floor));
	if (json) {
		printf("{\n  \"schema\": \"kdumpctl.measure/1\",\n  \"smallest\": %llu,\n  \"floor\": %llu,\n"
		       "  \"step\": %llu,\n  \"used_mib\": %u,\n  \"reservation\": %llu\n}\n",
		       (unsigned long long)least, (unsigned long long)floor, STEP, r.used_mb,
		       (unsigned long long)how->reserve);
		return NULL;
	}
	printf("Smallest reservation that captures:      %lluM\n", MB(least));
	printf("Floor, an init that only powers off:     %lluM\n", MB(floor));
	printf("Steps of %lluM, in a virtual machine with %u MiB; a machine with more devices needs more.\n", MB(STEP),
	       how->ram_mb ? how->ram_mb : 1024);
	return NULL;
}

int estimate_by_rehearsal(struct service *s, bool json)
{
	_cleanup_free_ char *line = NULL;
	struct rehearse_how how = { 0 };
	struct error *e;

	if (!ready(s, &how, &line))
		return 1;
	e = measure(s, &how, json);
	return e ? !failed(e, NULL) : 0;
}

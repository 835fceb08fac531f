/* The three generations of the kernel log, whole, wrapped, damaged, of every width and order.
 */
#include "../test.h"

#include "kernel/printk.h"
#include "kernel/vmem.h"
#include "make/fake_printk.h"

#define KIB 1024ull

struct kind {
	uint16_t machine;
	bool is_64bit, big;
	uint64_t base;
};

static const struct kind kinds[] = {
	{FAKE_X86_64, true, false, 0xffff888000000000},
	{FAKE_PPC64, true, true, 0xc000000000000000},
	{FAKE_I386, false, false, 0xc0000000},
	{FAKE_I386, false, true, 0xc0000000} /* no such machine, but its layout is ppc's */,
};

static void start(struct fake *f, const struct kind *kind)
{
	fake_init(f, kind->machine, kind->is_64bit, kind->big, 512 * KIB);
	fake_segment(f, kind->base, 0, 512 * KIB);
}

/* Opens the kernel, checks the text and the count of damages, closes everything. */
static void check_text(struct fake *f, bool partial, const char *want, uint64_t want_damaged)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	uint64_t damaged = 0;

	fake_open(f);
	assert_ok(printk_text(f->k, partial, &out, &damaged));
	assert_string_equal(strbuf_str(&out), want);
	assert_int_equal(damaged, want_damaged);
	fake_done(f);
}

/* ---- lockless ---- */

static void lockless_of_every_machine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct fake f;
		struct fake_ring r;

		start(&f, &kinds[i]);
		fake_ring_init(&r, &f, kinds[i].base, 4, 10, 0, i & 1);
		fake_ring_add(&r, FAKE_FINALIZED, 0, "Linux version");
		fake_ring_add(&r, FAKE_COMMITTED, 1234567890123, "two\nlines");
		fake_ring_finish(&r, i < 2);
		check_text(&f, false,
			   i < 2 ? "[    0.000000] [     T42] Linux version\n"
				   "[ 1234.567890] [     T42] two\n"
				   "                          lines\n"
				 : "[    0.000000] Linux version\n"
				   "[ 1234.567890] two\n"
				   "               lines\n",
			   0);
	}
}

static struct error *check_members(const struct printk_record *r, void *arg)
{
	uint64_t *seq = arg;

	assert_int_equal(r->seq, (*seq)++);
	assert_int_equal(r->level, 6);
	assert_int_equal(r->facility, 3);
	assert_int_equal(r->ts_ns, 77);
	assert_int_equal(r->caller, 42);
	assert_true(r->has_caller && r->has_time && !r->lost && !r->in_flight);
	return NULL;
}

static void lockless_members(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct fake f;
		struct fake_ring r;
		uint64_t seq = 0;

		start(&f, &kinds[i]);
		fake_ring_init(&r, &f, kinds[i].base, 3, 10, 0, false);
		fake_ring_add(&r, FAKE_FINALIZED, 77, "one");
		fake_ring_add(&r, FAKE_FINALIZED, 77, "two");
		fake_ring_finish(&r, true);
		fake_open(&f);
		assert_ok(printk_walk(f.k, false, check_members, &seq, NULL));
		assert_int_equal(seq, 2);
		fake_done(&f);
	}
}

/* Many rounds: whatever the builder's writer kept must come out, in order. */
static void lockless_wraps(struct fake *f, const struct kind *kind, bool exact_fit)
{
	for (unsigned len = 1; len < 60; len++) {
		_cleanup_strbuf_ struct strbuf want = {0};
		struct fake_ring r;
		char text[64];
		unsigned n = 40, kept;

		start(f, kind);
		fake_ring_init(&r, f, kind->base, 4, 8, 0, false);
		r.exact_fit = exact_fit;
		for (unsigned i = 0; i < n; i++) {
			memset(text, 'a' + i % 26, len);
			text[len] = '\0';
			fake_ring_add(&r, FAKE_FINALIZED, i * 1000000000ull, text);
		}
		kept = (r.head_id - r.tail_id + 1) & 0xff;
		assert_in_range(kept, 1, 16);
		for (unsigned i = n - kept; i < n; i++) {
			memset(text, 'a' + i % 26, len);
			strbuf_printf(&want, "[%5u.000000] %s\n", i, text);
		}
		fake_ring_finish(&r, false);
		check_text(f, false, strbuf_str(&want), 0);
	}
}

static void lockless_wraps_on_every_machine(void **state)
{
	struct fake f;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		lockless_wraps(&f, &kinds[i], false);
		lockless_wraps(&f, &kinds[i], true);
	}
}

/* A block that ends where the ring ends: in place since 6.19, at the start before. */
static void lockless_exact_fit(void **state)
{
	for (int exact = 0; exact <= 1; exact++) {
		struct fake f;
		struct fake_ring r;

		start(&f, &kinds[0]);
		fake_ring_init(&r, &f, kinds[0].base, 3, 8, 256 - 32, false);
		r.exact_fit = exact;
		fake_put_bytes(&f, r.data, "old text at the start of the ring", 33);
		fake_ring_add(&r, FAKE_FINALIZED, 0, "exactly twenty-four byte");
		assert_int_equal(r.head_lpos % 256, exact ? 0 : 32);
		fake_ring_finish(&r, false);
		check_text(&f, false, "[    0.000000] exactly twenty-four byte\n", 0);
	}
}

/* The positions of a 32-bit machine pass 2^32 between begin and next. */
static void lockless_positions_wrap(void **state)
{
	struct fake f;
	struct fake_ring r;

	start(&f, &kinds[2]);
	fake_ring_init(&r, &f, kinds[2].base, 3, 8, 0xffffffe0, false);
	r.exact_fit = true;
	fake_ring_add(&r, FAKE_FINALIZED, 0, "exactly twenty-eight bytes..");
	r.head_lpos = r.tail_lpos = 0;
	fake_ring_add(&r, FAKE_FINALIZED, 0, "next round");
	fake_ring_finish(&r, false);
	check_text(&f, false,
		   "[    0.000000] exactly twenty-eight bytes..\n[    0.000000] next round\n",
		   0);
}

static void lockless_block_as_long_as_the_ring(void **state)
{
	struct fake f;
	struct fake_ring r;
	char text[57], want[100];

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 3, 6, 0, false);
	r.exact_fit = true;
	memset(text, 'x', 56);
	text[56] = '\0';
	fake_ring_add(&r, FAKE_FINALIZED, 0, text);
	fake_ring_finish(&r, false);
	snprintf(want, sizeof(want), "[    0.000000] %s\n", text);
	check_text(&f, false, want, 0);
}

static void lockless_empty_and_lost(void **state)
{
	struct fake f;
	struct fake_ring r;
	uint64_t id;

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 3, 8, 0, false);
	fake_ring_add(&r, FAKE_FINALIZED, 1000, "");
	fake_ring_add(&r, FAKE_FINALIZED, 2000, NULL);
	/* overwritten by somebody else: the block's id is not the record's */
	id = fake_ring_add(&r, FAKE_FINALIZED, 3000, "gone");
	fake_put(&f, r.data, 8, id + 8);
	fake_ring_finish(&r, false);
	check_text(&f, false,
		   "[    0.000001] \n[    0.000002] <text lost>\n[    0.000003] <text lost>\n",
		   1);
}

static void lockless_states(void **state)
{
	struct fake f;
	struct fake_ring r;
	uint64_t id;

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 4, 9, 0, false);
	/* being continued by pr_cont() */
	fake_ring_add(&r, FAKE_RESERVED, 1000, "Kernel panic - not syncing");
	/* being written: neither length nor time yet */
	id = fake_ring_add(&r, FAKE_RESERVED, 0, "half a li\1\2\3");
	fake_put(&f, fake_ring_info(&r, id) + 16, 2, 0);
	/* just begun: nothing that looks like text */
	id = fake_ring_add(&r, FAKE_RESERVED, 0, "\1\2\3");
	fake_put(&f, fake_ring_info(&r, id) + 16, 2, 0);
	fake_ring_add(&r, FAKE_REUSABLE, 2000, "not shown");
	/* the head has moved on, its descriptor not yet */
	fake_ring_add(&r, FAKE_FINALIZED, 3000, "last");
	r.head_id++;
	fake_ring_finish(&r, true);
	check_text(&f, false,
		   "[    0.000001] [     T42] Kernel panic - not syncing\n"
		   "half a li\n"
		   "[    0.000003] [     T42] last\n",
		   0);
}

static void lockless_damage(void **state)
{
	struct fake f;
	struct fake_ring r;
	uint64_t id;

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 4, 9, 0, false);
	fake_ring_add(&r, FAKE_FINALIZED, 1000, "good");
	id = fake_ring_add(&r, FAKE_FINALIZED, 2000, "wrong sequence number");
	fake_put(&f, fake_ring_info(&r, id), 8, 99);
	id = fake_ring_add(&r, FAKE_FINALIZED, 3000, "wrong id");
	fake_put(&f, fake_ring_desc(&r, id) + 8, 8, 5);
	id = fake_ring_add(&r, FAKE_FINALIZED, 4000, "a length that lies");
	fake_put(&f, fake_ring_info(&r, id) + 16, 2, 65535);
	id = fake_ring_add(&r, FAKE_FINALIZED, 5000, "next before begin");
	fake_put(&f, fake_ring_desc(&r, id) + 24, 8, 8);
	id = fake_ring_add(&r, FAKE_FINALIZED, 6000, "not aligned");
	fake_put(&f, fake_ring_desc(&r, id) + 16, 8, r.head_lpos - 20);
	fake_ring_add(&r, FAKE_FINALIZED, 7000, "good again");
	fake_ring_finish(&r, false);
	/* the clamped text ends with its block: 18 bytes and 6 of padding */
	check_text(&f, false,
		   "[    0.000001] good\n"
		   "[    0.000004] a length that lies\\x00\\x00\\x00\\x00\\x00\\x00\n"
		   "[    0.000005] <text lost>\n"
		   "[    0.000006] <text lost>\n"
		   "[    0.000007] good again\n",
		   4);
}

static void lockless_ids_run_wild(void **state)
{
	struct fake f;
	struct fake_ring r;

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 4, 9, 0, false);
	fake_ring_add(&r, FAKE_FINALIZED, 1000, "one");
	fake_ring_add(&r, FAKE_FINALIZED, 2000, "two");
	r.tail_id = 123456;
	fake_ring_finish(&r, false);
	/* a round before the head is looked at; 14 of its places were never used */
	check_text(&f, false, "[    0.000001] one\n[    0.000002] two\n", 15);
}

static void lockless_sizes_are_limited(void **state)
{
	struct fake f;
	struct fake_ring r;
	struct strbuf out = {0};

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 4, 9, 0, false);
	r.count_bits = 60;
	fake_ring_finish(&r, false);
	fake_open(&f);
	assert_error(printk_text(f.k, false, &out, NULL), ERROR_BAD_DATA, "make no sense");
	fake_done(&f);

	start(&f, &kinds[0]);
	fake_ring_init(&r, &f, kinds[0].base, 4, 9, 0, false);
	fake_info(&f, "SIZE(printk_info)=12");
	fake_ring_finish(&r, false);
	fake_open(&f);
	assert_error(printk_text(f.k, false, &out, NULL), ERROR_BAD_DATA,
		     "printk_info.ts_nsec");
	fake_done(&f);
}

static void lockless_since_the_last_clear(void **state)
{
	for (int latched = 0; latched <= 1; latched++) {
		struct fake f;
		struct fake_ring r;
		uint64_t clear;

		start(&f, &kinds[1]);
		fake_ring_init(&r, &f, kinds[1].base, 3, 9, 0, false);
		fake_ring_add(&r, FAKE_FINALIZED, 1000, "cleared");
		fake_ring_add(&r, FAKE_FINALIZED, 2000, "since");
		clear = fake_alloc(&f, 24, 8);
		fake_info(&f, "SYMBOL(clear_seq)=%llx",
			  (unsigned long long)(kinds[1].base + clear));
		if (latched) {
			fake_info(&f, "SIZE(latched_seq)=24");
			fake_info(&f, "OFFSET(latched_seq.val)=8");
			fake_put(&f, clear, 4, 7); /* odd: the second copy is the right one */
			fake_put(&f, clear + 8, 8, 0);
			fake_put(&f, clear + 16, 8, 1);
		} else {
			fake_put(&f, clear, 8, 1);
		}
		fake_ring_finish(&r, false);
		check_text(&f, true, "[    0.000002] since\n", 0);
	}
}

/* ---- records ---- */

static void records_of_every_machine(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (int variant = 0; variant < 3; variant++) {
			struct fake f;
			struct fake_records r;

			start(&f, &kinds[i]);
			fake_records_init(&r, &f, kinds[i].base, 1024, variant == 0,
					  variant == 2);
			fake_records_add(&r, 0, 5, "Linux version", "");
			fake_records_add(&r, 3000001000, 6, "usb 1-1\nnew", "SUBSYSTEM=usb");
			fake_records_finish(&r, 0);
			check_text(&f, false,
				   variant == 2 ? "[    0.000000] [      C3] Linux version\n"
						  "[    3.000001] [      C3] usb 1-1\n"
						  "                          new\n"
						: "[    0.000000] Linux version\n"
						  "[    3.000001] usb 1-1\n"
						  "               new\n",
				   0);
		}
	}
}

static struct error *check_level(const struct printk_record *r, void *arg)
{
	assert_int_equal(r->level, *(unsigned *)arg);
	assert_int_equal(r->facility, 4);
	return NULL;
}

static void records_level(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct fake f;
		struct fake_records r;
		unsigned level = 3;

		start(&f, &kinds[i]);
		fake_records_init(&r, &f, kinds[i].base, 1024, false, false);
		fake_records_add(&r, 0, level, "error", "");
		fake_records_finish(&r, 0);
		fake_open(&f);
		assert_ok(printk_walk(f.k, false, check_level, &level, NULL));
		fake_done(&f);
	}
}

static void records_wrap(void **state)
{
	struct fake f;
	struct fake_records r;
	uint32_t clear;

	for (int partial = 0; partial <= 1; partial++) {
		start(&f, &kinds[1]);
		fake_records_init(&r, &f, kinds[1].base, 160, false, false);
		fake_records_add(&r, 1000, 6, "overwritten, at the start", "");
		r.first = fake_records_add(&r, 2000, 6, "first that is left", "");
		fake_records_add(&r, 3000, 6, "last before the end, long enough", "");
		clear = fake_records_add(&r, 4000, 6, "at the start", "");
		assert_int_equal(clear, 0);
		fake_records_finish(&r, clear);
		check_text(&f, partial,
			   partial ? "[    0.000004] at the start\n"
				   : "[    0.000002] first that is left\n"
				     "[    0.000003] last before the end, long enough\n"
				     "[    0.000004] at the start\n",
			   0);
	}
}

static void records_damage(void **state)
{
	static const struct {
		uint16_t len;
		const char *want;
	} bad[] = {
		{8, "[    0.000001] one\n"},			 /* less than a header */
		{2000, "[    0.000001] one\n"},			 /* behind the end */
		{0, "[    0.000001] one\n[    0.000001] one\n"}, /* a wrap that is none */
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct fake f;
		struct fake_records r;
		uint32_t at;

		start(&f, &kinds[0]);
		fake_records_init(&r, &f, kinds[0].base, 1024, false, false);
		fake_records_add(&r, 1000, 6, "one", "");
		at = fake_records_add(&r, 2000, 6, "two", "");
		fake_records_add(&r, 3000, 6, "three", "");
		fake_put(&f, r.buf + at + 8, 2, bad[i].len);
		fake_records_finish(&r, 0);
		check_text(&f, false, bad[i].want, 1);
	}
}

static void records_text_longer_than_the_record(void **state)
{
	struct fake f;
	struct fake_records r;

	start(&f, &kinds[0]);
	fake_records_init(&r, &f, kinds[0].base, 1024, false, false);
	fake_records_add(&r, 1000, 6, "12345678", "");
	fake_put(&f, r.buf + 10, 2, 600);
	fake_records_finish(&r, 0);
	check_text(&f, false, "[    0.000001] 12345678\n", 1);
}

/* ---- bytes ---- */

static void bytes_whole_and_wrapped(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct fake f;

		start(&f, &kinds[i]);
		fake_bytes(&f, kinds[i].base, 64, "<5>Linux version\n<6>no end", 9);
		check_text(&f, false, "<5>Linux version\n<6>no end\n", 0);

		start(&f, &kinds[i]);
		fake_bytes(&f, kinds[i].base, 16, "<5>Linux version\n<4>[1.0] late\n", 14);
		check_text(&f, false, "n\n<4>[1.0] late\n", 0);

		start(&f, &kinds[i]);
		fake_bytes(&f, kinds[i].base, 64, "<5>Linux version\n<4>[1.0] late\n", 14);
		check_text(&f, true, "<4>[1.0] late\n", 0);
	}
}

static void bytes_length_must_be_a_power_of_two(void **state)
{
	struct fake f;
	struct strbuf out = {0};

	start(&f, &kinds[0]);
	fake_bytes(&f, kinds[0].base, 48, "<5>x\n", 5);
	fake_open(&f);
	assert_error(printk_text(f.k, false, &out, NULL), ERROR_BAD_DATA, "makes no sense");
	fake_done(&f);
}

/* The counters of 2.6.24 are as wide as a pointer. */
static void bytes_counted_in_long(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *text = "<5>Linux version\n";
		struct fake f;
		uint64_t buf, at[4];

		start(&f, &kinds[i]);
		buf = fake_alloc(&f, 64, 64);
		fake_put_bytes(&f, buf, text, strlen(text));
		for (size_t j = 0; j < ARRAY_SIZE(at); j++)
			at[j] = fake_alloc(&f, f.long_size, f.long_size);
		fake_put_long(&f, at[0], kinds[i].base + buf);
		fake_put(&f, at[1], 4, 64);
		fake_put_long(&f, at[2], strlen(text));
		fake_put_long(&f, at[3], strlen(text));
		fake_info(&f, "OSRELEASE=2.6.24.7");
		fake_info(&f, "SYMBOL(log_buf)=%llx", (unsigned long long)(kinds[i].base + at[0]));
		fake_info(&f, "SYMBOL(log_buf_len)=%llx", (unsigned long long)(kinds[i].base + at[1]));
		fake_info(&f, "SYMBOL(log_end)=%llx", (unsigned long long)(kinds[i].base + at[2]));
		fake_info(&f, "SYMBOL(logged_chars)=%llx", (unsigned long long)(kinds[i].base + at[3]));
		check_text(&f, true, text, 0);
	}
}

/* ---- buffers of each CPU, before 5.15 ---- */

#define SAFE_CPUS 3

/* A kernel whose log has one line, and the buffers of SAFE_CPUS CPUs; returns that of CPU 0. */
static uint64_t start_safe(struct fake *f, const struct kind *kind, const char *release,
			   const char *name)
{
	uint64_t offsets, count, buffers;
	struct fake_records r;

	start(f, kind);
	fake_records_init(&r, f, kind->base, 1024, false, false);
	fake_records_add(&r, 1000, 6, "in the log", "");
	fake_records_finish(&r, 0);
	offsets = fake_alloc(f, SAFE_CPUS * f->long_size, 8);
	count = fake_alloc(f, 4, 4);
	buffers = fake_alloc(f, SAFE_CPUS * 256, 8);
	fake_put(f, count, 4, SAFE_CPUS);
	for (unsigned cpu = 0; cpu < SAFE_CPUS; cpu++)
		fake_put_long(f, offsets + cpu * f->long_size, kind->base + buffers + cpu * 256);
	fake_info(f, "OSRELEASE=%s", release);
	fake_info(f, "SYMBOL(__per_cpu_offset)=%llx", (unsigned long long)(kind->base + offsets));
	fake_info(f, "SYMBOL(nr_cpu_ids)=%llx", (unsigned long long)(kind->base + count));
	fake_info(f, "SYMBOL(%s)=0", name); /* at the start of the per-CPU area */
	return buffers;
}

static void put_safe(struct fake *f, uint64_t buffer, size_t text_off, const char *text)
{
	fake_put(f, buffer, 4, strlen(text));
	fake_put_bytes(f, buffer + text_off, text, strlen(text));
}

static void safe_buffers(void **state)
{
	static const char *const releases[] = { "4.9.0-19", "5.10.0-34" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		for (size_t j = 0; j < ARRAY_SIZE(releases); j++) {
			size_t off = kinds[i].is_64bit ? 32 : j ? 20 : 16;
			struct fake f;
			uint64_t at = start_safe(&f, &kinds[i], releases[j], "nmi_print_seq");

			put_safe(&f, at, off, "\0014NMI backtrace for cpu 0\n\0014second line\n");
			put_safe(&f, at + 2 * 256, off, "no level, no end");
			check_text(&f, false,
				   "[    0.000001] in the log\n"
				   "[      C0] NMI backtrace for cpu 0\n"
				   "[      C0] second line\n"
				   "[      C2] no level, no end\n",
				   0);
		}
}

static void safe_buffers_of_known_layout(void **state)
{
	struct fake f;
	uint64_t at = start_safe(&f, &kinds[0], "5.4.0", "safe_print_seq");

	fake_info(&f, "OFFSET(printk_safe_seq_buf.len)=0");
	fake_info(&f, "OFFSET(printk_safe_seq_buf.buffer)=40");
	put_safe(&f, at + 256, 40, "\0013deep inside\n");
	check_text(&f, false, "[    0.000001] in the log\n[      C1] deep inside\n", 0);
}

static void safe_buffers_damaged(void **state)
{
	struct fake f;
	uint64_t at = start_safe(&f, &kinds[0], "5.4.0", "safe_print_seq");

	fake_put(&f, at, 4, 0x7fffffff);	   /* longer than any */
	put_safe(&f, at + 256, 32, "\0015half\n");
	fake_put(&f, at + 256, 4, 100);		   /* longer than what is there */
	put_safe(&f, at + 2 * 256, 32, "\001\n\0017\n\n");
	/* the last one holds a level that is none, and lines without text */
	check_text(&f, false, "[    0.000001] in the log\n[      C1] half\n", 2);
}

/* A kernel that cannot have them is not asked. */
static void safe_buffers_are_not_of_now(void **state)
{
	struct fake f;
	uint64_t at = start_safe(&f, &kinds[0], "6.1.0", "nmi_print_seq");

	put_safe(&f, at, 32, "\0014never\n");
	check_text(&f, false, "[    0.000001] in the log\n", 0);
}

/* ---- the text ---- */

static void format(const char *text, const char *want)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct printk_record r = {.has_time = true,
				  .ts_ns = 99999999999999999,
				  .text = text,
				  .len = strlen(text)};

	printk_format(&r, &out);
	assert_string_equal(strbuf_str(&out), want);
}

static void text_is_escaped(void **state)
{
	format("tab\tand \x1b[31m", "[99999999.999999] tab\tand \\x1b[31m\n");
	format("Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x92\xa5",
	       "[99999999.999999] Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac \xf0\x9f\x92\xa5\n");
	/* cut off, overlong, surrogate, control character, lone continuation */
	format("\xc3", "[99999999.999999] \\xc3\n");
	format("\xc0\xaf", "[99999999.999999] \\xc0\\xaf\n");
	format("\xed\xa0\x80", "[99999999.999999] \\xed\\xa0\\x80\n");
	format("\xc2\x9b", "[99999999.999999] \\xc2\\x9b\n");
	format("\x80", "[99999999.999999] \\x80\n");
}

static void no_log_at_all(void **state)
{
	struct fake f;
	struct strbuf out = {0};

	start(&f, &kinds[0]);
	fake_info(&f, "OSRELEASE=6.1.0");
	fake_open(&f);
	assert_error(printk_text(f.k, false, &out, NULL), ERROR_NOT_FOUND,
		     "neither prb nor log_buf");
	fake_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lockless_of_every_machine),
		cmocka_unit_test(lockless_members),
		cmocka_unit_test(lockless_wraps_on_every_machine),
		cmocka_unit_test(lockless_exact_fit),
		cmocka_unit_test(lockless_positions_wrap),
		cmocka_unit_test(lockless_block_as_long_as_the_ring),
		cmocka_unit_test(lockless_empty_and_lost),
		cmocka_unit_test(lockless_states),
		cmocka_unit_test(lockless_damage),
		cmocka_unit_test(lockless_ids_run_wild),
		cmocka_unit_test(lockless_sizes_are_limited),
		cmocka_unit_test(lockless_since_the_last_clear),
		cmocka_unit_test(records_of_every_machine),
		cmocka_unit_test(records_level),
		cmocka_unit_test(records_wrap),
		cmocka_unit_test(records_damage),
		cmocka_unit_test(records_text_longer_than_the_record),
		cmocka_unit_test(bytes_whole_and_wrapped),
		cmocka_unit_test(bytes_length_must_be_a_power_of_two),
		cmocka_unit_test(bytes_counted_in_long),
		cmocka_unit_test(safe_buffers),
		cmocka_unit_test(safe_buffers_of_known_layout),
		cmocka_unit_test(safe_buffers_damaged),
		cmocka_unit_test(safe_buffers_are_not_of_now),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(no_log_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

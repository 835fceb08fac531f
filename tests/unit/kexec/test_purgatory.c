/* The blob that will run between two kernels runs here: its digest check, at an address that
 * it was not linked for. */
#include "../test.h"

#include <sys/mman.h>

#include "kexec/purgatory_blob.h"
#include "kexec/purgatory_setup.h"
#include "purgatory/lanes.h"
#include "purgatory/purgatory.h"

static unsigned char *code;
static struct purgatory_head head;
static unsigned char first[4096], second[70000];

static int setup(void **state)
{
	(void)state;
	memcpy(&head, purgatory_blob, sizeof(head));
	code = mmap(NULL, ROUND_UP(purgatory_blob_len, 4096u), PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return 1;
	memcpy(code, purgatory_blob, purgatory_blob_len);
	for (size_t i = 0; i < sizeof(second); i++)
		second[i] = (unsigned char)(i ^ i >> 8);
	return 0;
}

/* With every unit that this CPU has; they must agree. */
static bool check(const struct purgatory_args *args)
{
	bool (*digest_ok)(const struct purgatory_args *, int);
	unsigned char *at = code + head.digest_ok_off;
	bool ok;

	memcpy(&digest_ok, &at, sizeof(at));
	ok = digest_ok(args, LANES_PLAIN);
	for (int unit = LANES_PLAIN + 1; unit < LANES_UNITS; unit++)
		if (lanes_can((enum lanes_unit)unit))
			assert_int_equal(digest_ok(args, unit), ok);
	return ok;
}

static void the_head_is_in_its_place(void **state)
{
	(void)state;
	assert_true(head.magic == PURGATORY_MAGIC);
	assert_int_equal(head.mem_len, PURGATORY_MEM_LEN);
	assert_true(purgatory_blob_len + 8192 <= PURGATORY_MEM_LEN);
	assert_true(head.digest_ok_off < purgatory_blob_len);
	assert_int_equal(purgatory_mem_len(), head.mem_len);
}

/* Parts stand at the addresses of this process; one is left out, as purgatory itself is. */
static void describe(struct kexec_parts *parts)
{
	uint64_t a = (uintptr_t)first, b = (uintptr_t)second;

	*parts = (struct kexec_parts){ .n = 3 };
	parts->v[0] = (struct kexec_part){ .bytes = second, .len = sizeof(second), .pa = b, .in_digest = true };
	parts->v[1] = (struct kexec_part){ .bytes = first, .len = 4000, .pa = a, .in_digest = true };
	parts->v[2] = (struct kexec_part){ .bytes = first, .len = 10, .pa = 0x1000 };
}

static void the_digest_of_the_loader_is_purgatorys(void **state)
{
	struct purgatory_args args = { 0 };
	struct kexec_parts parts;

	(void)state;
	describe(&parts);
	purgatory_digest(&parts, &args);
	assert_int_equal(args.nr_regions, 2);
	assert_true(args.regions[0].start < args.regions[1].start);
	assert_true(check(&args));
}

static void one_changed_byte_is_noticed(void **state)
{
	struct purgatory_args args = { 0 };
	struct kexec_parts parts;

	(void)state;
	describe(&parts);
	purgatory_digest(&parts, &args);
	second[69999] ^= 0x80;
	assert_false(check(&args));
	second[69999] ^= 0x80;
	assert_true(check(&args));
	first[4000] ^= 1; /* behind the part's end */
	assert_true(check(&args));
	args.nr_regions = PURGATORY_REGIONS + 1;
	assert_false(check(&args));
}

static void the_block_is_filled_in(void **state)
{
	struct purgatory_setup how = { .entry = 0x1b800200, .boot_params = 0x1eff7000,
				       .console = { 0x2f8, 12, true }, .check = true };
	struct kexec_part part = { .name = "purgatory" };
	struct purgatory_head got;
	struct kexec_parts parts;

	(void)state;
	describe(&parts);
	assert_ok(purgatory_setup(&how, &parts, &part));
	assert_int_equal(part.len, purgatory_blob_len);
	memcpy(&got, part.bytes, sizeof(got));
	assert_int_equal(got.args.entry, 0x1b800200);
	assert_int_equal(got.args.boot_params, 0x1eff7000);
	assert_int_equal(got.args.serial_port, 0x2f8);
	assert_int_equal(got.args.serial_divisor, 12);
	assert_int_equal(got.args.flags, PURGATORY_CHECK | PURGATORY_VGA);
	assert_true(got.args.reset_seconds > 0);
	assert_true(check(&got.args));
	free(part.owned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_is_in_its_place),
		cmocka_unit_test(the_digest_of_the_loader_is_purgatorys),
		cmocka_unit_test(one_changed_byte_is_noticed),
		cmocka_unit_test(the_block_is_filled_in),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}

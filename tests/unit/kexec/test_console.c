/* Which line purgatory speaks on. */
#include "../test.h"

#include "kexec/console.h"

static void the_command_line_names_it(void **state)
{
	static const struct {
		const char *cmdline;
		struct kexec_console want;
	} rows[] = {
		{ "", { 0, 0, false } },
		{ "console=tty0", { 0, 0, false } },
		{ "console=ttyS0", { 0x3f8, 0, false } },
		{ "console=ttyS0,115200n8", { 0x3f8, 1, false } },
		{ "console=ttyS1,9600 console=tty0", { 0x2f8, 12, false } },
		{ "console=ttyS0,115200 console=ttyS3", { 0x2e8, 0, false } },
		{ "console=uart8250,io,0x2f8,38400n8", { 0x2f8, 3, false } },
		{ "console=uart,io,0x3e8", { 0x3e8, 0, false } },
		{ "console=uart8250,mmio,0xfe000000", { 0, 0, false } },
		{ "console=uart8250,io,0xfffff", { 0, 0, false } },
		{ "console=ttyS4", { 0, 0, false } },
		{ "console=ttyS10", { 0, 0, false } },
		{ "console=ttyS0,7", { 0x3f8, 0, false } },
		{ "console=ttyUSB0 console=hvc0", { 0, 0, false } },
		{ "noconsole=ttyS0", { 0, 0, false } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kexec_request rq = { 0 };
		struct kexec_console got;

		assert_ok(console_choose(&rq, rows[i].cmdline, NULL, &got));
		if (got.port != rows[i].want.port || got.divisor != rows[i].want.divisor || got.vga)
			fail_msg("%s: port %x divisor %u", rows[i].cmdline, got.port, got.divisor);
	}
}

static void options_go_before(void **state)
{
	struct kexec_request rq = { .serial = "ttyS1", .serial_baud = 57600 };
	unsigned char running[4096] = { 0 };
	struct kexec_console c;

	(void)state;
	assert_ok(console_choose(&rq, "console=ttyS0,9600", NULL, &c));
	assert_int_equal(c.port, 0x2f8);
	assert_int_equal(c.divisor, 2);
	rq = (struct kexec_request){ .serial = "0x3e8" };
	assert_ok(console_choose(&rq, "console=ttyS0,9600", NULL, &c));
	assert_int_equal(c.port, 0x3e8);
	assert_int_equal(c.divisor, 0); /* the speed named is another line's */
	rq = (struct kexec_request){ .console_serial = true };
	assert_ok(console_choose(&rq, "", NULL, &c));
	assert_int_equal(c.port, 0x3f8);
	assert_ok(console_choose(&rq, "console=ttyS1", NULL, &c));
	assert_int_equal(c.port, 0x2f8);
	rq = (struct kexec_request){ 0 };
	running[0x0f] = 1;
	assert_ok(console_choose(&rq, "", running, &c));
	assert_true(c.vga);
	running[0x0f] = 0x70; /* an EFI frame buffer */
	assert_ok(console_choose(&rq, "", running, &c));
	assert_false(c.vga);
	rq.console_vga = true;
	assert_ok(console_choose(&rq, "", running, &c));
	assert_true(c.vga);
}

static void what_cannot_be_is_refused(void **state)
{
	struct kexec_request line = { .serial = "ttyUSB0" }, speed = { .serial_baud = 7 };
	struct kexec_console c;

	(void)state;
	assert_error(console_choose(&line, "", NULL, &c), ERROR_USAGE, "ttyUSB0");
	assert_error(console_choose(&speed, "", NULL, &c), ERROR_USAGE, "speed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_command_line_names_it),
		cmocka_unit_test(options_go_before),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

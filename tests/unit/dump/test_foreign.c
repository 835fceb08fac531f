/* What is not read is named, with what to do; nothing else is taken for it. */
#include "made.h"

static void refuse(const char *data, enum error_kind kind, const char *words)
{
	struct strbuf s = { 0 };
	struct source *source;
	struct dump *d = NULL;

	assert_ok(make_data(data, 0, &s));
	assert_ok(source_open_memory("it", strbuf_str(&s), s.len, &source));
	assert_error(dump_open_source(source, &d), kind, words);
	assert_null(d);
	strbuf_done(&s);
}

static void test_named(void **state)
{
	static const struct {
		const char *data, *words;
	} files[] = {
		{ "t:QEVM+x:00000003+z:100", "it: is a QEMU savevm stream; load it" },
		{ "t:LibvirtQemudSave+z:100", "libvirt save file; restore it with virsh restore" },
		{ "t:LibvirtQemudPart+z:100", "not finished" },
		{ "t:LinuxGuestRecord+z:100", "saved Xen guest" },
		{ "t:Xen\\ssaved\\sdomain,\\sxl\\sformat+z:100", "xl dump-core" },
		{ "x:edeb0ff0+z:100", "core of the old Xen format" },
		{ "x:f00febee+z:100", "core of the old Xen format" },
		{ "x:d2bed2be+z:100", "VMware suspend or snapshot file" },
		{ "x:d1bad1ba+z:100", "vmss2core" },
		{ "x:d3bed3be+z:100", "unfinished VMware" },
		{ "t:PAGEDU64+z:100", "Windows crash dump" },
		{ "x:1f8b08+z:100", "packed by gzip; unpack it first" },
		{ "x:28b52ffd+z:100", "packed by zstd" },
		{ "x:fd377a585a00+z:100", "packed by xz" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		refuse(files[i].data, ERROR_UNSUPPORTED, files[i].words);
}

static void test_unknown(void **state)
{
	refuse("", ERROR_BAD_DATA, "it: the file is empty");
	refuse("t:Q", ERROR_UNSUPPORTED, "not a dump of a known format");
	refuse("t:QEV", ERROR_UNSUPPORTED, "not a dump of a known format");
	refuse("r:1:5000", ERROR_UNSUPPORTED, "not a dump of a known format");
	refuse("t:LibvirtQemudSav", ERROR_UNSUPPORTED, "not a dump of a known format");
}

/* xl dump-core: an ELF core whose memory is in sections. */
static void test_xen_core(void **state)
{
	assert_error(try_made(make_elf, "elf64 little\nnote Xen 0x2000001 z:8\n"), ERROR_BAD_DATA,
		     "without any memory segment");
	assert_error(try_made(make_elf, "elf64 little\nphnum 0\npoke 60 0700\n"), ERROR_UNSUPPORTED,
		     "its memory is in sections");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_xen_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Input: flags (1 absolute, 2 base, 4 big-endian), num, length of names and of tokens (u32),
 * _stext and base (u64), then names, tokens, token index and addresses. */
#include "base/base.h"
#include "kernel/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms_tables t = { 0 };
	struct kallsyms *ks = NULL;
	struct cursor c;
	uint64_t stext, end;
	char name[512], type;
	uint32_t i;

	cursor_init(&c, "input", data, size, false);
	i = cursor_u32(&c);
	t.absolute = i & 1;
	t.has_base = i & 2;
	t.big = i & 4;
	t.num = cursor_u32(&c);
	t.names_len = cursor_u32(&c);
	t.token_table_len = cursor_u32(&c);
	stext = cursor_u64(&c);
	t.base = cursor_u64(&c);
	t.names = cursor_bytes(&c, t.names_len);
	t.token_table = cursor_bytes(&c, t.token_table_len);
	t.token_index = cursor_bytes(&c, 512);
	t.entries_len = cursor_left(&c);
	t.entries = cursor_bytes(&c, t.entries_len);
	if (c.failed)
		return 0;
	error_free(kallsyms_open(&t, stext, &ks));
	for (i = 0; ks && i < kallsyms_count(ks) && i < 1000; i++) {
		kallsyms_name(ks, i, name, sizeof(name), &type);
		(void)kallsyms_find(ks, name, &(uint32_t){ 0 });
		(void)kallsyms_at(ks, kallsyms_address(ks, i) + 1, &(uint32_t){ 0 }, &end);
	}
	kallsyms_free(ks);
	return 0;
}

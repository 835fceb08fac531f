/* Input: a BTF blob; every type is asked for its size, first member and name. */
#include "base/base.h"
#include "kernel/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *b = NULL;
	struct btf_type t;
	struct member m;
	uint64_t v;
	int64_t value;

	error_free(btf_open(data, size, 8, &b));
	for (uint32_t id = 1; b && id < btf_count(b) && id < 100; id++) {
		uint32_t next = 0;

		btf_type_at(b, id, &t);
		(void)btf_size(b, id, &v);
		(void)btf_next_named(b, t.name, &next);
		error_free(btf_member(b, id, "a[1].b", &m));
		error_free(btf_member(b, id, t.name, &m));
		(void)btf_enum_value(b, t.name, &value);
		(void)btf_section_var(b, ".data..percpu", t.name, &v, &next);
	}
	btf_free(b);
	return 0;
}

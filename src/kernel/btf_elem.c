/* What follows a BTF type in the table: members, constants, parameters, array and integer words
 * (include/uapi/linux/btf.h). */
#include "base/base.h"
#include "kernel/btf.h"

static uint32_t word(const struct btf *b, const struct btf_type *t, size_t i)
{
	return get_u32(t->rest + 4 * i, btf_is_big(b));
}

bool btf_elem_at(const struct btf *b, const struct btf_type *t, uint32_t i,
		 struct btf_elem *ret)
{
	size_t at;
	uint32_t off, low;

	*ret = (struct btf_elem){.name = ""};
	if (i >= t->vlen)
		return false;
	switch (t->kind) {
	case BTF_STRUCT:
	case BTF_UNION:
		at = 3 * (size_t)i;
		off = word(b, t, at + 2);
		ret->type = word(b, t, at + 1);
		ret->bits = t->flag ? off & 0xffffff : off;
		ret->bit_size = t->flag ? off >> 24 : 0;
		break;
	case BTF_ENUM:
		at = 2 * (size_t)i;
		low = word(b, t, at + 1);
		/* kind_flag says signed since 6.0; before, nothing did */
		ret->value = t->flag || low >> 31 ? (int64_t)(int32_t)low : (int64_t)low;
		break;
	case BTF_ENUM64:
		at = 3 * (size_t)i;
		ret->value = (int64_t)((uint64_t)word(b, t, at + 2) << 32 | word(b, t, at + 1));
		break;
	case BTF_FUNC_PROTO:
		at = 2 * (size_t)i;
		ret->type = word(b, t, at + 1);
		break;
	default:
		return false;
	}
	ret->name = btf_string_at(b, word(b, t, at));
	return true;
}

bool btf_int_of(const struct btf *b, const struct btf_type *t, struct btf_int *ret)
{
	uint32_t w;

	if (t->kind != BTF_INT)
		return false;
	w = word(b, t, 0);
	*ret = (struct btf_int){
		.is_signed = w >> 24 & 1,
		.is_char = w >> 24 & 2,
		.is_bool = w >> 24 & 4,
		.bit_off = w >> 16 & 0xff,
		.bits = w & 0xff,
	};
	return true;
}

bool btf_array_of(const struct btf *b, const struct btf_type *t, uint32_t *ret_type,
		  uint32_t *ret_len)
{
	if (t->kind != BTF_ARRAY)
		return false;
	*ret_type = word(b, t, 0);
	*ret_len = word(b, t, 2);
	return true;
}

/* The list of codecs and the reader's set of states; see codec.h. */
#include "codec/codec.h"

const struct codec *const codecs[] = { &codec_zlib, &codec_lzo, &codec_snappy, &codec_zstd,
				       NULL };

static_assert(ARRAY_SIZE(codecs) <= ARRAY_SIZE(((struct codec_set *)0)->states), "too many");

const struct codec *codec_by_flag(uint32_t kdump_flag)
{
	for (const struct codec *const *c = codecs; *c; c++)
		if ((*c)->kdump_flag == kdump_flag)
			return *c;
	return NULL;
}

const struct codec *codec_by_option(char letter)
{
	for (const struct codec *const *c = codecs; *c; c++)
		if ((*c)->option == letter)
			return *c;
	return NULL;
}

struct error *codec_set_unpack(struct codec_set *set, uint32_t kdump_flag, const void *in,
			       size_t in_len, void *out, size_t len)
{
	for (size_t i = 0; codecs[i]; i++) {
		if (codecs[i]->kdump_flag != kdump_flag)
			continue;
		if (!set->states[i])
			set->states[i] = codecs[i]->open(false, 0);
		if (!set->states[i])
			return error_nomem();
		return codecs[i]->unpack(set->states[i], in, in_len, out, len);
	}
	return error_new(ERROR_BAD_DATA, "no compression has the flag 0x%x", kdump_flag);
}

void codec_set_done(struct codec_set *set)
{
	for (size_t i = 0; codecs[i]; i++) {
		if (set->states[i])
			codecs[i]->close(set->states[i]);
		set->states[i] = NULL;
	}
}

/*
 * A streaming JSON writer into a strbuf. It places commas, quotes, indentation; the caller
 * opens and closes. A key is null inside arrays. Text that is not UTF-8 is written with the
 * replacement character, control characters escaped.
 */
#pragma once

#include "base/strbuf.h"

struct json {
	struct strbuf *out; /* borrowed */
	unsigned depth;
	bool need_comma;
	bool compact; /* one line */
};

void json_init(struct json *j, struct strbuf *out);
void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
void json_string(struct json *j, const char *key, const char *value); /* null value: null */
void json_u64(struct json *j, const char *key, uint64_t value);
void json_i64(struct json *j, const char *key, int64_t value);
void json_hex(struct json *j, const char *key, uint64_t value); /* as a "0x..." string */
void json_bool(struct json *j, const char *key, bool value);
void json_fixed(struct json *j, const char *key, double value, int decimals);
void json_null(struct json *j, const char *key);

/* Recursive descent over C's binary operators, by their precedence. */
#include "shell/expr.h"

#include <ctype.h>
#include <string.h>

#include "base/base.h"
#include "kernel/declared.h"
#include "kernel/symbol.h"

#define DEPTH_MAX 64

struct parser {
	struct shell *sh;
	struct kernel *k;
	const char *text, *at;
	unsigned depth;
};

static struct error *unary(struct parser *p, struct expr_value *ret) MUST_CHECK;
static struct error *conditional(struct parser *p, struct expr_value *ret) MUST_CHECK;

static struct error *bad(const struct parser *p, const char *expected)
{
	return error_new(ERROR_USAGE, "\"%s\": expected %s at \"%s\"", p->text, expected,
			 *p->at ? p->at : "the end");
}

static void skip(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* Takes `word` when it comes next. */
static bool takes(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip(p);
	if (strncmp(p->at, word, len) != 0)
		return false;
	p->at += len;
	return true;
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

/* ---- values ---- */

static struct expr_value number(struct parser *p, uint64_t v, bool is_signed)
{
	struct expr_value r = {.number = v, .is_signed = is_signed, .typed = true};
	struct error *e = ctype_parse(p->k, is_signed ? "long" : "unsigned long", &r.type);

	if (e) { /* no types: a number it is all the same */
		error_free(e);
		r.typed = false;
	}
	return r;
}

static struct error *read_scalar(struct parser *p, const struct expr_value *v, enum ctype_kind kind,
				 uint64_t *ret)
{
	struct member m = v->bits;
	uint64_t size;

	if (!m.bit_size) {
		if (!ctype_size(p->k, v->type, &size) || size == 0 || size > 8)
			return error_new(ERROR_USAGE, "\"%s\": a value of that size is no number", p->text);
		m = (struct member){.size = size};
	}
	TRY(type_read(p->k, v->va, &m, ret));
	if (kind == CTYPE_INT) {
		struct btf_type t;
		struct btf_int i;
		unsigned bits = m.bit_size ? m.bit_size : 8 * m.size;

		if (ctype_base(p->k, v->type, &t) && btf_int_of(p->k->btf, &t, &i) && i.is_signed &&
		    bits < 64 && *ret >> (bits - 1) & 1)
			*ret |= ~0ull << bits;
	}
	return NULL;
}

static bool is_signed_type(struct kernel *k, struct ctype type)
{
	struct btf_type t;
	struct btf_int i;

	return ctype_base(k, type, &t) &&
	       ((btf_int_of(k->btf, &t, &i) && i.is_signed) || t.kind == BTF_ENUM || t.kind == BTF_ENUM64);
}

static struct error *to_number(struct parser *p, const struct expr_value *v, uint64_t *ret)
{
	if (!v->typed && v->in_memory) {
		/* nobody tells the type of the symbol: its address */
		*ret = v->va;
		return NULL;
	}
	if (!v->in_memory) {
		*ret = v->number;
		return NULL;
	}
	switch (ctype_kind(p->k, v->type)) {
	case CTYPE_INT:
		return read_scalar(p, v, CTYPE_INT, ret);
	case CTYPE_ENUM:
	case CTYPE_PTR:
		return read_scalar(p, v, CTYPE_PTR, ret);
	case CTYPE_ARRAY:
	case CTYPE_FUNC:
	case CTYPE_VOID:
		*ret = v->va;
		return NULL;
	default:
		return error_new(ERROR_USAGE, "\"%s\": a structure is used where a number belongs", p->text);
	}
}

static struct error *decay(struct parser *p, const struct expr_value *v, struct expr_value *ret)
{
	struct expr_value r = {.typed = v->typed, .type = v->type};

	TRY(to_number(p, v, &r.number));
	r.is_signed = v->in_memory ? v->typed && is_signed_type(p->k, v->type) : v->is_signed;
	*ret = r;
	return NULL;
}

/* ---- primaries ---- */

static struct error *take_number(struct parser *p, struct expr_value *ret)
{
	uint64_t v = 0;
	unsigned base = 10, digit;
	const char *s = p->at;
	bool any = false;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	} else if (s[0] == '0' && isdigit((unsigned char)s[1])) {
		base = 8;
	} else {
		/* an address as it stands in output: hex without 0x */
		size_t n = strspn(s, "0123456789abcdefABCDEF");

		if (strcspn(s, "abcdefABCDEF") < n && !isalnum((unsigned char)s[n]) && s[n] != '_')
			base = 16;
	}
	for (;; s++, any = true) {
		if (isdigit((unsigned char)*s))
			digit = *s - '0';
		else if (isxdigit((unsigned char)*s))
			digit = tolower((unsigned char)*s) - 'a' + 10;
		else
			break;
		if (digit >= base)
			break;
		if (mul_overflows(v, (uint64_t)base, &v) || add_overflows(v, (uint64_t)digit, &v))
			return error_new(ERROR_USAGE, "\"%s\": a number is larger than 64 bits", p->text);
	}
	s += strspn(s, "uUlL");
	if (!any || isalnum((unsigned char)*s) || *s == '_')
		return bad(p, "a number");
	p->at = s;
	*ret = number(p, v, v <= INT64_MAX && base != 16);
	return NULL;
}

static struct error *take_symbol(struct parser *p, const char *name, struct expr_value *ret)
{
	struct error *e;
	bool percpu;
	int64_t constant;

	*ret = (struct expr_value){.in_memory = true};
	e = symbol_find(p->k, name, &ret->va);
	if (e) {
		error_free(e);
		e = type_enum_value(p->k, name, &constant);
		if (!e) {
			*ret = number(p, (uint64_t)constant, true);
			return NULL;
		}
		error_free(e);
		return error_new(ERROR_NOT_FOUND, "No symbol \"%s\" in current context.", name);
	}
	e = declared_type(p->k, name, &ret->type, &percpu);
	ret->typed = !e;
	error_free(e);
	return NULL;
}

/* Whether "(" begins a cast: the name of a type follows. */
static bool begins_type(struct parser *p, const char *s)
{
	static const char *const words[] = {"struct",	"union",    "enum", "unsigned", "signed", "long",
					    "short",	"int",	    "char", "void",	"const",  "volatile"};
	char name[128];
	size_t len;
	uint64_t va;
	struct error *e;

	s += strspn(s, " \t");
	len = name_length(s);
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, s, len);
	name[len] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	/* a typedef, unless a symbol has that name */
	e = symbol_find(p->k, name, &va);
	error_free(e);
	return e && type_exists(p->k, name);
}

static struct error *take_type(struct parser *p, struct ctype *ret)
{
	const char *rest;

	TRY(ctype_parse_part(p->k, p->at, &rest, ret));
	p->at = rest;
	return takes(p, ")") ? NULL : bad(p, "\")\" after the type");
}

static uint64_t cut_to(uint64_t v, uint64_t size, bool is_signed)
{
	if (size >= 8 || size == 0)
		return v;
	v &= (1ull << 8 * size) - 1;
	if (is_signed && v >> (8 * size - 1) & 1)
		v |= ~0ull << 8 * size;
	return v;
}

static struct error *cast(struct parser *p, struct expr_value *ret)
{
	struct ctype type;
	uint64_t size;
	enum ctype_kind kind;

	TRY(take_type(p, &type));
	TRY(unary(p, ret));
	kind = ctype_kind(p->k, type);
	if (kind == CTYPE_STRUCT || kind == CTYPE_ARRAY) {
		if (!ret->in_memory)
			return error_new(ERROR_USAGE, "\"%s\": a number cannot become a structure; cast it to "
						      "a pointer",
					 p->text);
		ret->type = type;
		ret->typed = true;
		return NULL;
	}
	TRY(decay(p, ret, ret));
	ret->type = type;
	ret->typed = true;
	ret->is_signed = is_signed_type(p->k, type);
	if (ctype_size(p->k, type, &size))
		ret->number = cut_to(ret->number, size, ret->is_signed);
	return NULL;
}

static struct error *take_sizeof(struct parser *p, struct expr_value *ret)
{
	struct expr_value v;
	uint64_t size;

	skip(p);
	if (*p->at == '(' && begins_type(p, p->at + 1)) {
		p->at++;
		TRY(take_type(p, &v.type));
	} else {
		TRY(unary(p, &v));
		if (!v.typed)
			return error_new(ERROR_USAGE, "\"%s\": nothing tells the type", p->text);
	}
	if (!ctype_size(p->k, v.type, &size))
		return error_new(ERROR_USAGE, "\"%s\": the type has no size", p->text);
	*ret = number(p, size, false);
	return NULL;
}

static struct error *primary(struct parser *p, struct expr_value *ret)
{
	char name[256];
	size_t len;

	skip(p);
	if (*p->at == '(') {
		p->at++;
		if (begins_type(p, p->at))
			return cast(p, ret);
		TRY(conditional(p, ret));
		return takes(p, ")") ? NULL : bad(p, "\")\"");
	}
	len = name_length(p->at);
	if (len == 6 && strncmp(p->at, "sizeof", 6) == 0) {
		p->at += 6;
		return take_sizeof(p, ret);
	}
	if (len && len < sizeof(name)) {
		struct error *e;
		const char *before = p->at;

		memcpy(name, p->at, len);
		name[len] = '\0';
		p->at += len;
		e = take_symbol(p, name, ret);
		/* "ffff888000000000" is an address, not a name */
		if (e && error_kind(e) == ERROR_NOT_FOUND && strspn(name, "0123456789abcdefABCDEF") == len) {
			error_free(e);
			p->at = before;
			return take_number(p, ret);
		}
		return e;
	}
	if (isdigit((unsigned char)*p->at))
		return take_number(p, ret);
	return bad(p, "a number, a symbol or \"(\"");
}

/* ---- members, elements ---- */

static struct error *no_type(struct parser *p)
{
	return error_new(ERROR_USAGE,
			 "\"%s\": nothing tells the type of this symbol; cast it: (*(struct NAME *)&symbol)",
			 p->text);
}

static struct error *dereference(struct parser *p, struct expr_value *v)
{
	struct expr_value r = {.in_memory = true, .typed = true};

	if (!v->typed)
		return no_type(p);
	if (!ctype_target(p->k, v->type, &r.type, NULL))
		return error_new(ERROR_USAGE, "\"%s\": not a pointer", p->text);
	TRY(to_number(p, v, &r.va));
	*v = r;
	return NULL;
}

static struct error *take_member(struct parser *p, struct expr_value *v)
{
	struct expr_value r = {.in_memory = true, .typed = true};
	char name[256];
	size_t len;

	skip(p);
	len = name_length(p->at);
	if (!len || len >= sizeof(name))
		return bad(p, "the name of a member");
	memcpy(name, p->at, len);
	name[len] = '\0';
	if (!v->typed)
		return no_type(p);
	if (ctype_kind(p->k, v->type) == CTYPE_PTR)
		TRY(dereference(p, v)); /* as the classic debugger allows */
	if (!v->in_memory)
		return error_new(ERROR_USAGE, "\"%s\": not a structure in memory", p->text);
	TRY(ctype_member(p->k, v->type, name, &r.bits, &r.type));
	p->at += len;
	r.va = v->va;
	if (!r.bits.bit_size) {
		r.va += r.bits.off;
		r.bits = (struct member){0};
	}
	*v = r;
	return NULL;
}

static struct error *take_element(struct parser *p, struct expr_value *v)
{
	struct expr_value index;
	uint64_t n, size;

	TRY(conditional(p, &index));
	if (!takes(p, "]"))
		return bad(p, "\"]\"");
	TRY(to_number(p, &index, &n));
	TRY(dereference(p, v));
	if (!ctype_size(p->k, v->type, &size))
		return error_new(ERROR_USAGE, "\"%s\": elements without a size", p->text);
	v->va += n * size;
	return NULL;
}

static struct error *postfix(struct parser *p, struct expr_value *v)
{
	TRY(primary(p, v));
	for (;;) {
		if (takes(p, "->")) {
			TRY(dereference(p, v));
			TRY(take_member(p, v));
		} else if (takes(p, ".")) {
			TRY(take_member(p, v));
		} else if (takes(p, "[")) {
			TRY(take_element(p, v));
		} else {
			return NULL;
		}
	}
}

static struct error *address_of(struct parser *p, struct expr_value *v)
{
	if (!v->in_memory || v->bits.bit_size)
		return error_new(ERROR_USAGE, "\"%s\": that has no address", p->text);
	v->number = v->va;
	v->in_memory = false;
	v->is_signed = false;
	if (v->typed && !ctype_pointer_to(v->type, &v->type))
		return error_new(ERROR_USAGE, "\"%s\": too many pointers", p->text);
	return NULL;
}

static struct error *unary_inner(struct parser *p, struct expr_value *v)
{
	skip(p);
	if (*p->at == '&' && p->at[1] != '&') {
		p->at++;
		TRY(unary(p, v));
		return address_of(p, v);
	}
	if (takes(p, "*")) {
		TRY(unary(p, v));
		return dereference(p, v);
	}
	if (*p->at == '-' || *p->at == '+' || *p->at == '~' || (*p->at == '!' && p->at[1] != '=')) {
		char op = *p->at++;

		TRY(unary(p, v));
		TRY(decay(p, v, v));
		if (op == '-')
			*v = number(p, -v->number, true);
		else if (op == '~')
			*v = number(p, ~v->number, v->is_signed);
		else if (op == '!')
			*v = number(p, !v->number, true);
		return NULL;
	}
	return postfix(p, v);
}

static struct error *unary(struct parser *p, struct expr_value *v)
{
	struct error *e;

	if (++p->depth > DEPTH_MAX)
		return error_new(ERROR_USAGE, "\"%s\": nested too deeply", p->text);
	e = unary_inner(p, v);
	p->depth--;
	return e;
}

/* ---- binary operators ---- */

enum op {
	OP_OR, OP_AND, OP_BITOR, OP_XOR, OP_BITAND, OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT,
	OP_SHL, OP_SHR, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_NONE,
};

static const struct {
	const char *text;
	enum op op;
	unsigned level; /* binds tighter when higher */
} ops[] = {
	/* the longer of two that begin alike comes first */
	{"||", OP_OR, 1},  {"&&", OP_AND, 2}, {"<<", OP_SHL, 8}, {">>", OP_SHR, 8}, {"==", OP_EQ, 6},
	{"!=", OP_NE, 6},  {"<=", OP_LE, 7},  {">=", OP_GE, 7},	 {"<", OP_LT, 7},   {">", OP_GT, 7},
	{"|", OP_BITOR, 3}, {"^", OP_XOR, 4}, {"&", OP_BITAND, 5}, {"+", OP_ADD, 9}, {"-", OP_SUB, 9},
	{"*", OP_MUL, 10}, {"/", OP_DIV, 10}, {"%", OP_MOD, 10},
};

static size_t next_op(struct parser *p, unsigned level)
{
	skip(p);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (strncmp(p->at, ops[i].text, strlen(ops[i].text)) == 0)
			return ops[i].level >= level ? i : ARRAY_SIZE(ops);
	return ARRAY_SIZE(ops);
}

/* Pointer arithmetic counts elements. */
static struct error *scaled(struct parser *p, enum op op, const struct expr_value *a,
			    const struct expr_value *b, struct expr_value *ret, bool *ret_done)
{
	struct ctype of;
	uint64_t size = 1;
	enum ctype_kind kind = a->typed ? ctype_kind(p->k, a->type) : CTYPE_INT;

	*ret_done = false;
	if ((kind != CTYPE_PTR && kind != CTYPE_ARRAY) || (op != OP_ADD && op != OP_SUB))
		return NULL;
	if (ctype_target(p->k, a->type, &of, NULL) && ctype_size(p->k, of, &size) && size == 0)
		size = 1;
	*ret_done = true;
	if (op == OP_SUB && b->typed && ctype_kind(p->k, b->type) == CTYPE_PTR) {
		*ret = number(p, (uint64_t)((int64_t)(a->number - b->number) / (int64_t)size), true);
		return NULL;
	}
	*ret = *a;
	if (kind == CTYPE_ARRAY && !ctype_pointer_to(of, &ret->type))
		return error_new(ERROR_USAGE, "\"%s\": too many pointers", p->text);
	ret->number = op == OP_ADD ? a->number + b->number * size : a->number - b->number * size;
	return NULL;
}

static struct error *divide(struct parser *p, enum op op, uint64_t a, uint64_t b, bool is_signed,
			    uint64_t *ret)
{
	if (b == 0)
		return error_new(ERROR_USAGE, "\"%s\": division by zero", p->text);
	if (!is_signed)
		*ret = op == OP_DIV ? a / b : a % b;
	else if (b == UINT64_MAX) /* -1: the one quotient that may not fit */
		*ret = op == OP_DIV ? -a : 0;
	else
		*ret = op == OP_DIV ? (uint64_t)((int64_t)a / (int64_t)b) :
				      (uint64_t)((int64_t)a % (int64_t)b);
	return NULL;
}

static struct error *apply(struct parser *p, enum op op, const struct expr_value *l,
			   const struct expr_value *r, struct expr_value *ret)
{
	bool s = l->is_signed && r->is_signed, done;
	uint64_t a = l->number, b = r->number, v = 0;

	TRY(scaled(p, op, l, r, ret, &done));
	if (done)
		return NULL;
	switch (op) {
	case OP_OR:	v = a || b; s = true; break;
	case OP_AND:	v = a && b; s = true; break;
	case OP_BITOR:	v = a | b; break;
	case OP_XOR:	v = a ^ b; break;
	case OP_BITAND: v = a & b; break;
	case OP_EQ:	v = a == b; s = true; break;
	case OP_NE:	v = a != b; s = true; break;
	case OP_LE:	v = s ? (int64_t)a <= (int64_t)b : a <= b; s = true; break;
	case OP_GE:	v = s ? (int64_t)a >= (int64_t)b : a >= b; s = true; break;
	case OP_LT:	v = s ? (int64_t)a < (int64_t)b : a < b; s = true; break;
	case OP_GT:	v = s ? (int64_t)a > (int64_t)b : a > b; s = true; break;
	case OP_SHL:	v = b < 64 ? a << b : 0; s = l->is_signed; break;
	case OP_SHR:	v = b < 64 ? (l->is_signed ? (uint64_t)((int64_t)a >> b) : a >> b) : 0; break;
	case OP_ADD:	v = a + b; break;
	case OP_SUB:	v = a - b; break;
	case OP_MUL:	v = a * b; break;
	case OP_DIV:
	case OP_MOD:
		TRY(divide(p, op, a, b, s, &v));
		break;
	case OP_NONE:
		break;
	}
	*ret = number(p, v, s);
	return NULL;
}

static struct error *binary(struct parser *p, unsigned level, struct expr_value *ret)
{
	struct expr_value right;
	size_t i;

	TRY(unary(p, ret));
	while ((i = next_op(p, level)) < ARRAY_SIZE(ops)) {
		p->at += strlen(ops[i].text);
		if (++p->depth > DEPTH_MAX)
			return error_new(ERROR_USAGE, "\"%s\": nested too deeply", p->text);
		TRY(binary(p, ops[i].level + 1, &right));
		p->depth--;
		TRY(decay(p, ret, ret));
		TRY(decay(p, &right, &right));
		TRY(apply(p, ops[i].op, ret, &right, ret));
	}
	return NULL;
}

static struct error *conditional(struct parser *p, struct expr_value *ret)
{
	struct expr_value yes, no;
	uint64_t condition;

	TRY(binary(p, 1, ret));
	if (!takes(p, "?"))
		return NULL;
	TRY(to_number(p, ret, &condition));
	if (++p->depth > DEPTH_MAX)
		return error_new(ERROR_USAGE, "\"%s\": nested too deeply", p->text);
	TRY(conditional(p, &yes));
	if (!takes(p, ":"))
		return bad(p, "\":\"");
	TRY(conditional(p, &no));
	p->depth--;
	*ret = condition ? yes : no;
	return NULL;
}

struct error *expr_eval(struct shell *sh, const char *text, struct expr_value *ret)
{
	struct parser p = {.sh = sh, .k = sh->kernel, .text = text, .at = text};

	TRY(conditional(&p, ret));
	skip(&p);
	return *p.at ? bad(&p, "an operator") : NULL;
}

struct error *expr_number(struct shell *sh, const struct expr_value *v, uint64_t *ret)
{
	struct parser p = {.sh = sh, .k = sh->kernel, .text = "expression"};

	return to_number(&p, v, ret);
}

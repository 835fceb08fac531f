/* Ftrace's buffer in the small dead kernel: one event "tick", written three times by CPU 0. After
 * make_tasks(). */
#pragma once

#include "../kernel/dead_tasks.h"

#define ARRAYS	(DEAD_TEXT + 0x58000) /* ftrace_trace_arrays */
#define ARRAY	(DEAD_TEXT + 0x58100)
#define BUFFER	(DEAD_TEXT + 0x58200)
#define RINGS	(DEAD_TEXT + 0x58300)
#define RING	(DEAD_TEXT + 0x58400)
#define BPAGES	(DEAD_TEXT + 0x58500) /* struct buffer_page, 64 bytes each */
#define EVENTS	(DEAD_TEXT + 0x58800)
#define CALL	(DEAD_TEXT + 0x58900)
#define CLASS	(DEAD_TEXT + 0x58a00)
#define FIELD	(DEAD_TEXT + 0x58b00)
#define NAMES	(DEAD_TEXT + 0x58c00)
#define PAGE(i) (DEAD_TEXT + 0x59000 + 0x1000 * (i))

static inline void add_types_of_traces(struct dead *d)
{
	struct btf_build *b = &d->btf;
	uint32_t inner, event;

	inner = dead_struct(d, "array_buffer", 16, 1);
	btf_elem(b, "buffer", T_LONG, 64);
	dead_struct(d, "trace_array", 64, 4);
	btf_elem(b, "list", T_LIST, 0);
	btf_elem(b, "name", T_LONG, 128);
	btf_elem(b, "array_buffer", inner, 192);
	btf_elem(b, "current_trace", T_LONG, 320);
	dead_struct(d, "trace_buffer", 16, 1);
	btf_elem(b, "buffers", T_LONG, 0);
	dead_struct(d, "ring_buffer_per_cpu", 32, 4);
	btf_elem(b, "reader_page", T_LONG, 0);
	btf_elem(b, "commit_page", T_LONG, 64);
	btf_elem(b, "entries", T_LONG, 128);
	btf_elem(b, "overrun", T_LONG, 192);
	dead_struct(d, "buffer_page", 64, 3);
	btf_elem(b, "list", T_LIST, 0);
	btf_elem(b, "read", T_INT, 128);
	btf_elem(b, "page", T_LONG, 192);
	dead_struct(d, "buffer_data_page", 16, 3);
	btf_elem(b, "time_stamp", T_LONG, 0);
	btf_elem(b, "commit", T_LONG, 64);
	btf_elem(b, "data", T_CHAR, 128);
	event = dead_struct(d, "trace_event", 8, 1);
	btf_elem(b, "type", T_INT, 0);
	dead_struct(d, "trace_event_call", 64, 5);
	btf_elem(b, "list", T_LIST, 0);
	btf_elem(b, "class", T_LONG, 128);
	btf_elem(b, "name", T_LONG, 192);
	btf_elem(b, "event", event, 256);
	btf_elem(b, "flags", T_INT, 320);
	dead_struct(d, "tracepoint", 8, 1);
	btf_elem(b, "name", T_LONG, 0);
	dead_struct(d, "trace_event_class", 32, 2);
	btf_elem(b, "system", T_LONG, 0);
	btf_elem(b, "fields", T_LIST, 64);
	dead_struct(d, "ftrace_event_field", 64, 6);
	btf_elem(b, "link", T_LIST, 0);
	btf_elem(b, "name", T_LONG, 128);
	btf_elem(b, "type", T_LONG, 192);
	btf_elem(b, "offset", T_INT, 256);
	btf_elem(b, "size", T_INT, 288);
	btf_elem(b, "is_signed", T_INT, 320);
	btf_add(b, "trace_flags", BTF_ENUM << 24 | 1, 4);
	btf_constant(b, "TRACE_EVENT_FL_TRACEPOINT", 16);
}

static inline void text_at(struct dead *d, uint64_t va, const char *text)
{
	fake_put_bytes(&d->f, dead_pa(va), text, strlen(text) + 1);
}

/* Event 7 "tick" with one field. */
static inline void put_event(struct dead *d)
{
	dead_symbol(d, 'D', "ftrace_events", EVENTS);
	put_list(d, EVENTS, CALL, CALL);
	put_list(d, CALL, EVENTS, EVENTS);
	dead_put(d, CALL + 16, 8, CLASS);
	dead_put(d, CALL + 24, 8, NAMES);
	dead_put(d, CALL + 32, 4, 7);
	put_list(d, CLASS + 8, FIELD, FIELD);
	put_list(d, FIELD, CLASS + 8, CLASS + 8);
	dead_put(d, FIELD + 16, 8, NAMES + 16);
	dead_put(d, FIELD + 24, 8, NAMES + 32);
	dead_put(d, FIELD + 32, 4, 8);
	dead_put(d, FIELD + 36, 4, 4);
	dead_put(d, FIELD + 40, 4, 1);
	text_at(d, NAMES, "tick");
	text_at(d, NAMES + 16, "count");
	text_at(d, NAMES + 32, "int");
}

/* Head and body of an event of 12 bytes by process 50; returns where the next one goes. */
static inline uint64_t put_record(struct dead *d, uint64_t at, uint32_t delta, int32_t count)
{
	dead_put(d, at, 4, 3 | delta << 5);
	dead_put(d, at + 4, 2, 7);
	dead_put(d, at + 6, 1, 1);
	dead_put(d, at + 7, 1, 2);
	dead_put(d, at + 8, 4, 50);
	dead_put(d, at + 12, 4, (uint32_t)count);
	return at + 16;
}

/* CPU 0: an empty page with the reader, and a ring of two pages: the second has the older events. */
static inline void put_ring(struct dead *d)
{
	uint64_t at;

	dead_symbol(d, 'D', "ftrace_trace_arrays", ARRAYS);
	put_list(d, ARRAYS, ARRAY, ARRAY);
	put_list(d, ARRAY, ARRAYS, ARRAYS);
	dead_put(d, ARRAY + 32, 8, BUFFER);
	dead_put(d, BUFFER, 8, RINGS);
	dead_put(d, RINGS, 8, RING);
	dead_put(d, RING, 8, BPAGES);
	dead_put(d, RING + 8, 8, BPAGES + 64);
	dead_put(d, RING + 16, 8, 4);
	for (unsigned i = 0; i < 3; i++)
		dead_put(d, BPAGES + 64 * i + 24, 8, PAGE(i));
	put_list(d, BPAGES + 64, (BPAGES + 128) | 1, BPAGES + 128); /* the mark: the next is the head */
	put_list(d, BPAGES + 128, BPAGES + 64, BPAGES + 64);
	dead_put(d, PAGE(2), 8, 1000000000);
	at = put_record(d, PAGE(2) + 16, 1000, -1);
	dead_put(d, at, 4, 30 | 5 << 5); /* time goes on by 2^27 + 5 */
	dead_put(d, at + 4, 4, 1);
	at = put_record(d, at + 8, 0, 2);
	dead_put(d, PAGE(2) + 8, 8, at - PAGE(2) - 16);
	dead_put(d, PAGE(1), 8, 3000000000);
	at = put_record(d, PAGE(1) + 16, 7000, 3);
	dead_put(d, PAGE(1) + 8, 8, at - PAGE(1) - 16);
}

static inline void add_trace(struct dead *d)
{
	add_types_of_traces(d);
	put_event(d);
	put_ring(d);
}

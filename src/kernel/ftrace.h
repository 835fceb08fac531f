/*
 * The trace buffers of the dead kernel: rings of pages, one a CPU, with events of changing length
 * (kernel/trace/ring_buffer.c), and what the events' bytes mean (struct trace_event_call and its
 * fields, kernel/trace/trace_events.c). Layouts are by name; the packing of an event's head is that
 * of 2.6.30 and later.
 */
#pragma once

#include "base/vector.h"
#include "kernel/kernel.h"

struct trace_field {
	char name[48], type[64];
	uint32_t off, len; /* in the event; len 0: up to its end */
	bool is_signed;
};

struct trace_event {
	uint16_t id;
	char name[64], system[32];
	VECTOR(struct trace_field) fields; /* by place, the common ones left out */
};

struct trace_events {
	VECTOR(struct trace_event) v; /* by id */
};
struct error *trace_events_load(struct kernel *k, struct trace_events *ret) MUST_CHECK;
void trace_events_done(struct trace_events *e);
/* Null: no event has that id. */
const struct trace_event *trace_event_by_id(const struct trace_events *e, uint16_t id);

/* struct trace_array: the buffer of all, or one of instances/NAME. */
struct trace_buffer {
	uint64_t va, buffer; /* struct trace_array, struct trace_buffer */
	char name[64];	     /* "" : the one of all */
	char tracer[32];
	unsigned cpus;
};
struct error *trace_buffers_walk(struct kernel *k, bool (*each)(const struct trace_buffer *b, void *arg),
				 void *arg) MUST_CHECK;

struct trace_record {
	uint64_t ts; /* ns, of the trace's clock */
	const unsigned char *bytes; /* struct trace_entry and the event's own; borrowed for the call */
	size_t len;
	unsigned cpu;
};
/* Events of one CPU, oldest first. Pages that are not in the dump are left out; *ret_lost counts them. */
struct error *trace_records_walk(struct kernel *k, const struct trace_buffer *b, unsigned cpu,
				 bool (*each)(const struct trace_record *r, void *arg), void *arg,
				 uint64_t *ret_lost) MUST_CHECK;

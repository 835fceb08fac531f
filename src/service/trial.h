/*
 * The record of the last test crash (kdumpctl test): one line, "STATE kdump_test_id=SECONDS-NANOSECONDS",
 * in /var/lib/kdump/vmcore-creation.status, and in the same words in the test's folder on the target.
 */
#pragma once

#include "base/base.h"
#include "service/resolve.h"

enum trial_state { TRIAL_NONE, TRIAL_PENDING, TRIAL_SUCCESS, TRIAL_FAIL, TRIAL_MANUAL };

struct trial {
	enum trial_state state;
	char id[48];
	time_t when; /* from the id */
};

/* "pending", …; null for TRIAL_NONE. */
const char *trial_state_name(enum trial_state state);
/* No record is TRIAL_NONE, and so is one that is no such line. */
struct error *trial_parse(const char *text, struct trial *ret) MUST_CHECK;
struct error *trial_read(int root, struct trial *ret) MUST_CHECK;
struct error *trial_write(int root, const struct trial *t) MUST_CHECK;
/* A new image has not been tested. No record is fine. */
void trial_forget(int root);
/* What the capture noted of a pending test; stays pending where the target cannot be looked at now, is
 * TRIAL_MANUAL when the test's folder is not there. The record is written anew. */
struct error *trial_fetch(int root, const struct target *target, struct trial *t) MUST_CHECK;
/* A new id, of this moment. */
void trial_begin(struct trial *t);

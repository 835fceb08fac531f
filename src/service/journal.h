/*
 * Messages for the journal that have an entry in its catalogue (units/salvage.catalog), through its own
 * socket (systemd.journal-fields(7), "The Journal Native Protocol"). What goes to standard error is logged
 * anyhow; these are for machines and for `journalctl -x`.
 */
#pragma once

#include "base/base.h"

/* The message ids, as in the catalogue. */
#define JOURNAL_ARMED	  "5c1d7a6e0f3b4f2d9a8e4c7b61d0a3f2"
#define JOURNAL_NOT_ARMED "b7e2c94d13a84d0c8f61a52e9c7d4b18"
#define JOURNAL_DUMP	  "e94f0b3c5d7241a6b82c6f1e07a9d35c"

enum journal_priority { JOURNAL_CRITICAL = 2, JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_INFO = 6 };

/* `fields`: names and values in turn, null at the end; may be null. Where no journal listens below `root`,
 * nothing happens. */
void journal_send(int root, const char *id, enum journal_priority priority, const char *message,
		  const char *const *fields);

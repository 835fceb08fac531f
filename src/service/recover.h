/*
 * Raw targets: the dump that a capture left on a block device, as a flattened stream from the first byte
 * on, becomes a file at the next start of the service, and the device is free for the next one.
 */
#pragma once

#include "service/settings.h"

/*
 * Does nothing unless the settings name a raw target and its device begins with such a stream. *ret_file
 * (malloc'd; null: nothing was there) is the new file, PATH/YYYY-MM-DD-HH:MM/vmcore, or vmcore-incomplete
 * when the stream breaks off. The header on the device is overwritten only when the file is durable:
 * a failure leaves the dump where it is.
 */
struct error *raw_recover(int root, const struct settings *s, char **ret_file) MUST_CHECK;

/* The text form of age's keys: BIP 173 without its limit of 90 characters. */
#pragma once

#include "base/error.h"

/* `text` must be `prefix`, "1", and exactly `len` bytes with their checksum, all in the case of
 * `prefix`. False: it is not. */
bool bech32_decode(const char *text, const char *prefix, unsigned char *ret, size_t len);

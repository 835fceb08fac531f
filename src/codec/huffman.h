/* Private to codec: the lengths of an optimal prefix code of limited length. */
#pragma once

#include "base/error.h"

#define HUFFMAN_SYMBOLS_MAX 288u

/*
 * The code length of each of `n` symbols from its frequency (0: not used, length 0), none above
 * `limit`. The sum of the frequencies is below 2^20. A lone symbol gets length 1. Returns how many
 * symbols are used.
 */
unsigned huffman_lengths(const uint32_t *freq, unsigned n, unsigned limit, uint8_t *ret_lengths);

/* Codes of these lengths, counting up with the length and then the symbol (RFC 1951, 3.2.2), as
 * they are read from the highest bit on. */
void huffman_codes(const uint8_t *lengths, unsigned n, uint16_t *ret_codes);

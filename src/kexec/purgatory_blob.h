/* Purgatory as built by src/purgatory: begins with struct purgatory_head. */
#pragma once

extern const unsigned char purgatory_blob[];
extern const unsigned purgatory_blob_len;

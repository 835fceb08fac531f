/* The steps of image_prepare(), in image_contents.c. Each fills in its part of the image. */
#pragma once

#include "service/image.h"

struct error *image_choose_modules(struct image *im) MUST_CHECK;
struct error *image_choose_programs(struct image *im) MUST_CHECK;
/* After the two above. */
struct error *image_fill_plan(struct image *im) MUST_CHECK;

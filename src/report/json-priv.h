/* Shared by the files of the JSON renderer; not for others. */
#pragma once

#include "base/json.h"
#include "report/render.h"

/* "frames", "complete", "incomplete_why" */
void json_frames(struct json *j, const struct report_stack *s);
void json_causes(struct json *j, const struct report *r);
/* What the machine was about: tasks, memory, disks, workers, earlier trouble. */
void json_states(struct json *j, const struct report *r);

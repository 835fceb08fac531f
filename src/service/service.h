/*
 * Floor 5: the kdump service: settings, target, image, command line, loading. The programs
 * put the steps in order and say what happens; see tools/kdumpctl.c for the order.
 */
#pragma once

#include "service/blockdev.h"
#include "service/capkernel.h"
#include "service/capline.h"
#include "service/dialect.h"
#include "service/evidence.h"
#include "service/image.h"
#include "service/inputs.h"
#include "service/keep.h"
#include "service/load.h"
#include "service/mounts.h"
#include "service/recover.h"
#include "service/resolve.h"
#include "service/rootpath.h"
#include "service/settings.h"
#include "service/sysconfig.h"

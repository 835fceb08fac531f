/* dev: devices by number, their I/O addresses, the PCI tree, disks and what they owe. */
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "kernel/block.h"
#include "kernel/list.h"
#include "kernel/peek.h"
#include "kernel/symbol.h"
#include "shell/command.h"
#include "shell/row.h"
#include "shell/value.h"

enum { OPT_RESOURCES = 1, OPT_PCI, OPT_DISKS, OPT_BUSY_DISKS };

static const struct option_def options[] = {
	{'i', NULL, NULL, "I/O ports and memory, and whose they are", OPT_RESOURCES},
	{'p', NULL, NULL, "the PCI devices", OPT_PCI},
	{'d', NULL, NULL, "disks with the requests that they have not answered", OPT_DISKS},
	{'D', NULL, NULL, "the same, of busy disks only", OPT_BUSY_DISKS},
	{0},
};

#define HASH	      255u /* CHRDEV_MAJOR_HASH_SIZE, BLKDEV_MAJOR_HASH_SIZE */
#define CHAIN_MAX     4096
#define RESOURCES_MAX 65536
#define PCI_MAX	      65536
#define DEPTH_MAX     64

/* ---- numbers ---- */

static void put_ops(struct shell *sh, uint64_t ops)
{
	char name[600] = "";

	if (ops)
		value_symbol_text(sh, ops, 10, name, sizeof(name));
	row_text(sh, "  ");
	row_str(sh, "operations", 0, name);
	row_only_addr(sh, "operations_address", ops);
}

/* drivers/base/map.c: whose numbers are asked for, by major number modulo 255. */
static uint64_t find_cdev(struct shell *sh, uint64_t major, uint64_t minor)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t map = peek_long(&p, peek_symbol(&p, "cdev_map"));
	uint64_t at = peek_long(&p, map + peek_offset(&p, "kobj_map", "probes") + major % HASH * sh->kernel->long_size);
	uint64_t wanted = major << 20 | minor;

	/* struct probe of kobj_map alone has these members */
	for (unsigned n = 0; at && n < CHAIN_MAX && !peek_failed(&p); n++) {
		uint64_t dev = peek_member(&p, at, "probe", "dev"), range = peek_member(&p, at, "probe", "range");

		if (wanted >= dev && wanted - dev < range && !peek_failed(&p))
			return peek_member(&p, at, "probe", "data");
		at = peek_member(&p, at, "probe", "next");
	}
	return 0;
}

static struct error *put_char_devices(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t table = peek_symbol(&p, "chrdevs");

	TRY(peek_error(&p));
	row_text(sh, "CHRDEV    NAME         ");
	row_middle(sh, 0, "CDEV");
	row_text(sh, "   OPERATIONS\n");
	for (unsigned i = 0; i < HASH && !shell_interrupted(); i++) {
		uint64_t at = peek_long(&p, table + i * sh->kernel->long_size);

		for (unsigned n = 0; at && n < CHAIN_MAX; n++) {
			uint64_t major = peek_member(&p, at, "char_device_struct", "major");
			uint64_t cdev = peek_member(&p, at, "char_device_struct", "cdev");
			char name[65];

			peek_name(&p, at, "char_device_struct", "name", name, sizeof(name));
			TRY(peek_error(&p));
			if (!cdev)
				cdev = find_cdev(sh, major, peek_member(&p, at, "char_device_struct", "baseminor"));
			row_begin(sh, "char");
			row_u64(sh, "major", 4, major);
			row_text(sh, "      ");
			row_str(sh, "name", -13, name);
			row_text(sh, "  ");
			if (cdev)
				row_addr(sh, "cdev", cdev);
			else
				row_none(sh, "cdev", "(none)");
			if (cdev)
				put_ops(sh, peek_member(&p, cdev, "cdev", "ops"));
			row_end(sh);
			at = peek_member(&p, at, "char_device_struct", "next");
			TRY(peek_error(&p));
		}
	}
	return peek_error(&p);
}

struct of_major {
	int64_t major;
	struct disk disk;
};

static bool take_last(const struct disk *d, void *arg)
{
	struct of_major *o = arg;

	if (d->major == o->major)
		o->disk = *d;
	return true;
}

static struct error *put_block_devices(struct shell *sh)
{
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t table = peek_symbol(&p, "major_names");

	TRY(peek_error(&p));
	row_text(sh, "\nBLKDEV    NAME         ");
	row_middle(sh, 0, "GENDISK");
	row_text(sh, "   OPERATIONS\n");
	for (unsigned i = 0; i < HASH && !shell_interrupted(); i++) {
		uint64_t at = peek_long(&p, table + i * sh->kernel->long_size);

		for (unsigned n = 0; at && n < CHAIN_MAX; n++) {
			struct of_major o = {.major = peek_int(&p, at, "blk_major_name", "major")};
			char name[32];

			peek_name(&p, at, "blk_major_name", "name", name, sizeof(name));
			TRY(peek_error(&p));
			error_free(disks_walk(sh->kernel, take_last, &o)); /* then none is named */
			row_begin(sh, "block");
			row_i64(sh, "major", 4, o.major);
			row_text(sh, "      ");
			row_str(sh, "name", -13, name);
			row_text(sh, "  ");
			if (o.disk.va) {
				row_addr(sh, "gendisk", o.disk.va);
				put_ops(sh, o.disk.fops);
			} else {
				row_none(sh, "gendisk", "(none)");
			}
			row_end(sh);
			at = peek_member(&p, at, "blk_major_name", "next");
			TRY(peek_error(&p));
		}
	}
	return peek_error(&p);
}

/* ---- resources ---- */

struct printing {
	struct shell *sh;
	unsigned width; /* of an address in digits */
	unsigned left;
};

static struct error *put_resource(struct printing *r, uint64_t va, unsigned depth)
{
	struct shell *sh = r->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};

	while (va && !shell_interrupted()) {
		uint64_t start = peek_member(&p, va, "resource", "start"), end = peek_member(&p, va, "resource", "end");
		uint64_t child = peek_member(&p, va, "resource", "child");
		char name[128];

		if (!r->left-- || depth > DEPTH_MAX)
			return error_new(ERROR_BAD_DATA, "more than %d resources", RESOURCES_MAX);
		peek_name(&p, va, "resource", "name", name, sizeof(name));
		TRY(peek_error(&p));
		row_begin(sh, "resource");
		row_addr(sh, "resource", va);
		row_text(sh, "  %0*" PRIx64 "-%0*" PRIx64 "  ", (int)r->width, start, (int)r->width, end);
		row_only_addr(sh, "start", start);
		row_only_addr(sh, "end", end);
		row_str(sh, "name", 0, name);
		row_end(sh);
		TRY(put_resource(r, child, depth + 1));
		if (!depth)
			return NULL;
		va = peek_member(&p, va, "resource", "sibling");
		TRY(peek_error(&p));
	}
	return NULL;
}

static struct error *put_resources(struct shell *sh)
{
	struct printing r = {sh, 4, RESOURCES_MAX};
	uint64_t va;

	TRY(symbol_find(sh->kernel, "ioport_resource", &va));
	row_middle(sh, 0, "RESOURCE");
	row_text(sh, "    RANGE    NAME\n");
	TRY(put_resource(&r, va, 0));
	r = (struct printing){sh, 8, RESOURCES_MAX};
	TRY(symbol_find(sh->kernel, "iomem_resource", &va));
	row_text(sh, "\n");
	row_middle(sh, 0, "RESOURCE");
	row_text(sh, "        RANGE        NAME\n");
	return put_resource(&r, va, 0);
}

/* ---- PCI ---- */

/* include/uapi/linux/pci_regs.h: PCI_EXP_TYPE_*, from bit 4 of the capability's flags */
static const char *const pcie_types[] = {
	[0] = "ENDPOINT", [1] = "LEG_END", [4] = "ROOT_PORT", [5] = "UPSTREAM", [6] = "DOWNSTREAM", [7] = "PCI_BRIDGE",
	[8] = "PCIE_BRIDGE", [9] = "RC_END", [10] = "RC_EC",
};

static struct error *put_bus(struct printing *r, uint64_t bus, unsigned depth);

static struct error *put_pci(struct printing *r, uint64_t va, unsigned depth)
{
	struct shell *sh = r->sh;
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t class = peek_member(&p, va, "pci_dev", "class") >> 8, vendor = peek_member(&p, va, "pci_dev", "vendor");
	uint64_t device = peek_member(&p, va, "pci_dev", "device"), below = peek_member(&p, va, "pci_dev", "subordinate");
	uint64_t type = peek_member(&p, va, "pci_dev", "pcie_flags_reg") >> 4 & 15;
	char name[32];

	peek_name(&p, va + peek_offset(&p, "pci_dev", "dev.kobj"), "kobject", "name", name, sizeof(name));
	TRY(peek_error(&p));
	row_begin(sh, "pci");
	row_text(sh, "%*s", (int)(2 * depth + 2), "");
	row_addr(sh, "pci_dev", va);
	row_text(sh, " ");
	row_str(sh, "name", -12, name);
	row_text(sh, "  %04" PRIx64 "  %04" PRIx64 ":%04" PRIx64 "  ", class & 0xffff, vendor, device);
	row_only_addr(sh, "class", class & 0xffff);
	row_only_addr(sh, "vendor", vendor);
	row_only_addr(sh, "device", device);
	row_str(sh, "type", 0, type < ARRAY_SIZE(pcie_types) && pcie_types[type] ? pcie_types[type] : "-");
	row_end(sh);
	return below ? put_bus(r, below, depth + 1) : NULL;
}

static struct error *put_bus(struct printing *r, uint64_t bus, unsigned depth)
{
	_cleanup_peek_ struct peek p = {.k = r->sh->kernel};
	uint64_t head = bus + peek_offset(&p, "pci_bus", "devices"), link = peek_offset(&p, "pci_dev", "bus_list"), node;
	struct list_walk w;
	struct error *e = NULL, *end;

	TRY(peek_error(&p));
	if (depth > DEPTH_MAX)
		return error_new(ERROR_BAD_DATA, "PCI buses below each other more than %d deep", DEPTH_MAX);
	TRY(list_begin(r->sh->kernel, head, PCI_MAX, &w));
	while (!e && list_next(r->sh->kernel, &w, &node) && !shell_interrupted())
		e = r->left-- ? put_pci(r, node - link, depth) : error_new(ERROR_BAD_DATA, "more than %d PCI devices", PCI_MAX);
	end = list_error(&w);
	if (!e)
		return end;
	error_free(end);
	return e;
}

static struct error *put_pci_tree(struct shell *sh)
{
	struct printing r = {sh, 0, PCI_MAX};
	_cleanup_peek_ struct peek p = {.k = sh->kernel};
	uint64_t head = peek_symbol(&p, "pci_root_buses"), link = peek_offset(&p, "pci_bus", "node"), node;
	struct list_walk w;
	struct error *e = NULL, *end;

	TRY(peek_error(&p));
	TRY(list_begin(sh->kernel, head, 4096, &w));
	while (!e && list_next(sh->kernel, &w, &node) && !shell_interrupted()) {
		uint64_t bus = node - link;
		char name[32];

		peek_name(&p, bus + peek_offset(&p, "pci_bus", "dev.kobj"), "kobject", "name", name, sizeof(name));
		e = peek_error(&p);
		if (e)
			break;
		row_middle(sh, 0, "ROOT BUS");
		row_text(sh, " BUSNAME\n");
		row_begin(sh, "bus");
		row_addr(sh, "pci_bus", bus);
		row_text(sh, " ");
		row_str(sh, "name", 0, name);
		row_end(sh);
		row_text(sh, "  ");
		row_middle(sh, 0, "PCI DEV");
		row_text(sh, " DO:BU:SL.FN   CLASS  PCI_ID     TYPE\n");
		e = put_bus(&r, bus, 0);
		row_text(sh, "\n");
	}
	end = list_error(&w);
	if (!e)
		return end;
	error_free(end);
	return e;
}

/* ---- disks ---- */

struct counts {
	uint64_t reads, writes;
};

static bool count_request(const struct request_row *r, void *arg)
{
	struct counts *c = arg;

	if (r->scheduled || r->state != 1) /* MQ_RQ_IN_FLIGHT */
		return true;
	if (r->op & 1)
		c->writes++;
	else
		c->reads++;
	return true;
}

struct disk_printing {
	struct shell *sh;
	bool busy;
};

static bool put_disk(const struct disk *d, void *arg)
{
	struct disk_printing *dp = arg;
	struct shell *sh = dp->sh;
	struct counts c = {0};
	struct error *e = requests_walk(sh->kernel, d->queue, count_request, &c);

	if (!e && dp->busy && !(c.reads + c.writes))
		return true;
	row_begin(sh, "disk");
	row_i64(sh, "major", 5, d->major);
	row_text(sh, " ");
	row_addr(sh, "gendisk", d->va);
	row_text(sh, "   ");
	row_str(sh, "name", -10, d->name);
	row_text(sh, " ");
	row_addr(sh, "queue", d->queue);
	row_text(sh, "   ");
	if (e) {
		row_text(sh, "(%s)", error_message(e));
	} else {
		row_u64(sh, "total", 5, c.reads + c.writes);
		row_text(sh, " ");
		row_u64(sh, "reads", 5, c.reads);
		row_text(sh, " ");
		row_u64(sh, "writes", 5, c.writes);
	}
	row_end(sh);
	error_free(e);
	return !shell_interrupted();
}

static struct error *put_disks(struct shell *sh, bool busy)
{
	struct disk_printing dp = {sh, busy};

	row_text(sh, "MAJOR GENDISK            NAME       REQUEST_QUEUE      TOTAL  READ WRITE\n");
	return disks_walk(sh->kernel, put_disk, &dp);
}

static struct error *run(struct shell *sh, struct options *o)
{
	bool any = false;
	int id;

	while ((id = options_next(o)) > 0) {
		any = true;
		switch (id) {
		case OPT_RESOURCES:
			TRY(put_resources(sh));
			break;
		case OPT_PCI:
			TRY(put_pci_tree(sh));
			break;
		default:
			TRY(put_disks(sh, id == OPT_BUSY_DISKS));
		}
	}
	if (id < 0)
		return command_misused();
	if (any)
		return NULL;
	TRY(put_char_devices(sh));
	return put_block_devices(sh);
}

const struct command cmd_dev = {
	.name = "dev",
	.args = "[-i | -p | -d | -D]",
	.summary = "show devices, their addresses, disks",
	.options = options,
	.run = run,
};

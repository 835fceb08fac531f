/*
 * Files that are memory of a machine, or hold it, in a form that is not read here: they are
 * refused with what they are and what can be done. Signatures: QEMU migration/savevm.h, libvirt
 * qemu_saveimage.h, Xen xenctrl.h and libxl, crash vmware_vmss.h, the packers' own.
 */
#include "dump/dump-priv.h"

#include "base/base.h"

#define DUMP_GUEST "take a new dump with dump-guest-memory (virsh dump --memory-only)"
#define VMWARE	   "a VMware suspend or snapshot file; make a core of it with VMware's vmss2core -N"
#define XEN_CORE   "a core of the old Xen format; take an ELF one with xl dump-core"
#define UNPACK(by) "packed by " by "; unpack it first"

static const struct {
	const char *bytes;
	size_t len;
	const char *what; /* "FILE: is ..." */
} foreign[] = {
	{ "QEVM", 4, "a QEMU savevm stream; load it into QEMU with -incoming, and " DUMP_GUEST },
	{ "LibvirtQemudSave", 16, "a libvirt save file; restore it with virsh restore, and " DUMP_GUEST },
	{ "LibvirtQemudPart", 16, "a libvirt save file that was not finished; " DUMP_GUEST },
	{ "LinuxGuestRecord", 16, "a saved Xen guest; restore it and take a core with xl dump-core" },
	{ "Xen saved domain", 16, "a saved Xen guest; restore it and take a core with xl dump-core" },
	{ "\xed\xeb\x0f\xf0", 4, XEN_CORE },
	{ "\xee\xeb\x0f\xf0", 4, XEN_CORE },
	{ "\xf0\x0f\xeb\xed", 4, XEN_CORE },
	{ "\xf0\x0f\xeb\xee", 4, XEN_CORE },
	{ "\xd0\xbe\xd0\xbe", 4, VMWARE },
	{ "\xd1\xba\xd1\xba", 4, VMWARE },
	{ "\xd2\xba\xd2\xba", 4, VMWARE },
	{ "\xd2\xbe\xd2\xbe", 4, VMWARE },
	{ "\xd3\xbe\xd3\xbe", 4, "an unfinished VMware suspend file; suspend the machine again" },
	{ "PAGEDU", 6, "a Windows crash dump; Windows' own debuggers read it" },
	{ "-----BEGIN AGE E", 16, "an encrypted file in age's form as text; age -d -i KEY makes a dump of it" },
	{ "\x1f\x8b", 2, UNPACK("gzip") },
	{ "BZh", 3, UNPACK("bzip2") },
	{ "\xfd" "7zXZ", 5, UNPACK("xz") },
	{ "\x28\xb5\x2f\xfd", 4, UNPACK("zstd") },
	{ "\x04\x22\x4d\x18", 4, UNPACK("lz4") },
	{ "PK\x03\x04", 4, UNPACK("zip") },
};

struct error *foreign_refuse(struct source *s)
{
	unsigned char raw[16] = { 0 };
	size_t len = MIN(s->size, (uint64_t)sizeof(raw));

	if (!s->size)
		return error_new(ERROR_BAD_DATA, "%s: the file is empty", s->name);
	TRY(source_read(s, 0, raw, len));
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (len >= foreign[i].len && !memcmp(raw, foreign[i].bytes, foreign[i].len))
			return error_new(ERROR_UNSUPPORTED, "%s: is %s", s->name, foreign[i].what);
	return error_new(ERROR_UNSUPPORTED,
			 "%s: not a dump of a known format (makedumpfile(8) lists them), or its "
			 "beginning is damaged",
			 s->name);
}

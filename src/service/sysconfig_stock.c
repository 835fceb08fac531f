/*
 * The values that hold where /etc/sysconfig/kdump assigns none, by CPU: those of the
 * established service's files, with two words of ours at the end.
 */
#include "service/sysconfig.h"

#define REMOVE_COMMON                                                                          \
	"hugepages hugepagesz slub_debug quiet log_buf_len swiotlb cma hugetlb_cma "           \
	"ignition.firstboot"
#define REMOVE_POWER                                                                           \
	"hugepages hugepagesz slub_debug quiet log_buf_len swiotlb hugetlb_cma ignition.firstboot"

/* The last two are ours: 9.6 MiB of slab that a capture kernel (6.1) has no use for. */
#define APPEND_COMMON                                                                          \
	"novmcoredd hugetlb_cma=0 kfence.sample_interval=0 initramfs_options=size=90% "        \
	"debugfs=off initcall_blacklist=tracer_init_tracefs"

static const struct stock {
	const char *arch; /* as ARCH below and uname -m say */
	const char *remove;
	const char *append;
	const char *kexec_args;
	const char *fadump_append;
} stocks[] = {
	{
		"x86_64",
		REMOVE_COMMON,
		"irqpoll nr_cpus=1 reset_devices cgroup_disable=memory mce=off numa=off "
		"udev.children-max=2 panic=10 acpi_no_memhotplug transparent_hugepage=never nokaslr "
		"hest_disable cma=0 pcie_ports=compat " APPEND_COMMON,
		"-s",
		"",
	},
	{
		"aarch64",
		REMOVE_COMMON,
		"irqpoll nr_cpus=1 reset_devices cgroup_disable=memory udev.children-max=2 panic=10 "
		"swiotlb=noforce cma=0 " APPEND_COMMON,
		"-s",
		"",
	},
	{
		"ppc64le",
		REMOVE_POWER,
		"irqpoll nr_cpus=16 noirqdistrib reset_devices cgroup_disable=memory numa=off "
		"udev.children-max=2 ehea.use_mcs=0 panic=10 kvm_cma_resv_ratio=0 "
		"transparent_hugepage=never " APPEND_COMMON,
		"-s",
		"nr_cpus=16 numa=off cgroup_disable=memory cma=0 kvm_cma_resv_ratio=0 hugetlb_cma=0 "
		"transparent_hugepage=never novmcoredd udev.children-max=2",
	},
	{
		"ppc64",
		REMOVE_POWER,
		"irqpoll nr_cpus=16 noirqdistrib reset_devices cgroup_disable=memory numa=off "
		"udev.children-max=2 ehea.use_mcs=0 panic=10 kvm_cma_resv_ratio=0 "
		"transparent_hugepage=never " APPEND_COMMON,
		"--dt-no-old-root",
		"",
	},
	{
		"s390x",
		REMOVE_COMMON " vmcp_cma prot_virt zfcp.allow_lun_scan",
		"nr_cpus=1 cgroup_disable=memory numa=off udev.children-max=2 panic=10 "
		"transparent_hugepage=never vmcp_cma=0 cma=0 " APPEND_COMMON,
		"-s",
		"",
	},
	{"", REMOVE_COMMON, "irqpoll nr_cpus=1 reset_devices panic=10 " APPEND_COMMON, "", ""},
};

#if defined(__x86_64__)
#define ARCH "x86_64"
#elif defined(__aarch64__)
#define ARCH "aarch64"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH "ppc64le"
#elif defined(__powerpc64__)
#define ARCH "ppc64"
#elif defined(__s390x__)
#define ARCH "s390x"
#else
#define ARCH ""
#endif

static const struct {
	const char *name;
	const char *stock; /* null: by CPU */
} keys[SYSCONFIG_COUNT] = {
	[SYSCONFIG_KERNELVER] = {"KDUMP_KERNELVER", ""},
	[SYSCONFIG_COMMANDLINE] = {"KDUMP_COMMANDLINE", ""},
	[SYSCONFIG_COMMANDLINE_REMOVE] = {"KDUMP_COMMANDLINE_REMOVE"},
	[SYSCONFIG_COMMANDLINE_APPEND] = {"KDUMP_COMMANDLINE_APPEND"},
	[SYSCONFIG_FADUMP_APPEND] = {"FADUMP_COMMANDLINE_APPEND"},
	[SYSCONFIG_KEXEC_ARGS] = {"KEXEC_ARGS"},
	[SYSCONFIG_BOOTDIR] = {"KDUMP_BOOTDIR", ""},
	[SYSCONFIG_IMG] = {"KDUMP_IMG", "vmlinuz"},
	[SYSCONFIG_IMG_EXT] = {"KDUMP_IMG_EXT", ""},
	[SYSCONFIG_STDLOGLVL] = {"KDUMP_STDLOGLVL", "3"},
	[SYSCONFIG_SYSLOGLVL] = {"KDUMP_SYSLOGLVL", "0"},
	[SYSCONFIG_KMSGLOGLVL] = {"KDUMP_KMSGLOGLVL", "0"},
	[SYSCONFIG_NOTIFICATION] = {"VMCORE_CREATION_NOTIFICATION", "yes"},
};

const char *sysconfig_name(enum sysconfig_key key)
{
	return keys[key].name;
}

int sysconfig_find(const char *name)
{
	for (size_t i = 0; i < SYSCONFIG_COUNT; i++)
		if (strcmp(keys[i].name, name) == 0)
			return i;
	return -1;
}

const char *sysconfig_stock(const char *arch, enum sysconfig_key key)
{
	const struct stock *s = stocks;

	if (keys[key].stock)
		return keys[key].stock;
	while (*s->arch && strcmp(s->arch, arch ? arch : ARCH))
		s++;
	switch (key) {
	case SYSCONFIG_COMMANDLINE_REMOVE:
		return s->remove;
	case SYSCONFIG_COMMANDLINE_APPEND:
		return s->append;
	case SYSCONFIG_KEXEC_ARGS:
		return s->kexec_args;
	default:
		return s->fadump_append;
	}
}

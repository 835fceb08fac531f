/*
 * Targets on an NFS server: `nfs server:/export`. The server's address is found out now, and so
 * is the version of the protocol, by mounting for a look: in a process of its own, whose mounts
 * nobody else sees and which is left behind should the server not answer.
 */
#include "service/resolve.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>

#include "service/rootpath.h"

#define LOOK_LIMIT_S 120
/* Every request is given up after (timeo/10) * 2^retrans seconds and some, so that a server that
 * is gone ends the step and does not hang it (nfs(5)). */
#define BOUNDED "soft,timeo=100,retrans=3,sec=sys"

static const char *const versions[] = { "4.2", "4.1", "4.0", "3" };

/* "server:/export", "[2001:db8::1]:/export" */
static struct error *split(const struct settings *s, char **ret_host, const char **ret_export)
{
	const char *spec = s->value[SETTING_TARGET], *colon;

	colon = spec[0] == '[' ? strstr(spec, "]:") : strchr(spec, ':');
	if (colon && spec[0] == '[')
		colon++;
	if (!colon || colon == spec || colon[1] != '/')
		return error_new(ERROR_USAGE,
				 "Dump target \"%s\" (%s line %u): an NFS target is SERVER:/EXPORT, with a "
				 "version 6 address in brackets",
				 spec, s->file, s->line[SETTING_TARGET]);
	*ret_host = strndup(spec, colon - spec);
	*ret_export = colon + 1;
	return *ret_host ? NULL : error_nomem();
}

static struct error *make_options(const struct inet_addr *server, const char *version, char **ret)
{
	const char *proto = server->family == AF_INET6 ? "tcp6" : "tcp";
	bool old = version[0] == '3';
	char text[INET_TEXT];

	/* locks would need a daemon, and nobody else writes there */
	if (asprintf(ret, "vers=%s,addr=%s,proto=%s," BOUNDED "%s%s%s", version,
		     inet_format(server, text), proto, old ? ",nolock,mountproto=" : "", old ? proto : "",
		     old ? "" : ",clientaddr=0.0.0.0") < 0) {
		*ret = NULL;
		return error_nomem();
	}
	return NULL;
}

/* --- the look ----------------------------------------------------------------------- */

enum look_result {
	LOOK_OK,
	LOOK_FAILED,   /* errno is said */
	LOOK_NO_PATH,
	LOOK_NO_FOLDER,
	LOOK_READ_ONLY,
};

struct look {
	enum look_result result;
	int err;
	int version;	 /* of versions[] */
	uint64_t room;	 /* bytes free; UINT64_MAX: not known */
};

/* In the child. Ends with the answer in `ret`. */
static void look_at(const char *spec, const struct inet_addr *server, const char *path,
		    const char *folder, struct look *ret)
{
	_cleanup_close_ int top = -1, fd = -1;
	struct statvfs fs;
	struct error *e;
	struct stat st;
	char link[64];

	*ret = (struct look){ .result = LOOK_FAILED, .room = UINT64_MAX };
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		ret->err = errno;
		return;
	}
	for (ret->version = 0;; ret->version++) {
		_cleanup_free_ char *options = NULL;

		e = make_options(server, versions[ret->version], &options);
		if (e) {
			error_free(e);
			ret->err = ENOMEM;
			return;
		}
		if (mount(spec, folder, "nfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0)
			break;
		ret->err = errno;
		/* another version does not help where nobody answers */
		if (errno == ETIMEDOUT || errno == EHOSTUNREACH || errno == ENETUNREACH ||
		    errno == ENODEV || errno == EPERM || ret->version + 1 == ARRAY_SIZE(versions))
			return;
	}
	top = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0) {
		ret->err = errno;
		return;
	}
	e = rootpath_open(top, path, &fd);
	if (e) {
		ret->err = error_errno(e);
		if (error_kind(e) == ERROR_NOT_FOUND)
			ret->result = LOOK_NO_PATH;
		error_free(e);
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) < 0)
		ret->err = errno;
	else if (!S_ISDIR(st.st_mode))
		ret->result = LOOK_NO_FOLDER;
	else if (access(link, W_OK) < 0)
		ret->result = LOOK_READ_ONLY;
	else
		ret->result = LOOK_OK;
	if (fstatvfs(fd, &fs) == 0)
		ret->room = (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* The child's answer, waited for no longer than the limit. */
static struct error *wait_for_look(int fd, pid_t pid, const char *spec, struct look *ret)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	if (poll(&p, 1, LOOK_LIMIT_S * 1000) <= 0) {
		kill(pid, SIGKILL); /* it may take a while to notice: nobody waits for it */
		return error_new(ERROR_TIMEOUT, "%s: the server does not answer within %d s", spec, LOOK_LIMIT_S);
	}
	TRY(file_read_part_fd(fd, "the look", (char *)ret, sizeof(*ret), &len));
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (len != sizeof(*ret))
		return error_new(ERROR_OTHER, "%s: the look has ended without an answer", spec);
	return NULL;
}

static struct error *look(const char *spec, const struct inet_addr *server, const char *path,
			  struct look *ret)
{
	_cleanup_free_ char *folder = NULL;
	_cleanup_close_ int from = -1;
	struct error *e;
	int ends[2];
	pid_t pid;

	TRY(file_private_folder(&folder));
	if (pipe2(ends, O_CLOEXEC) < 0) {
		e = error_sys(errno, "cannot make a pipe");
		rmdir(folder);
		return e;
	}
	from = ends[0];
	pid = fork();
	if (pid == 0) {
		look_at(spec, server, path, folder, ret);
		_exit(write(ends[1], ret, sizeof(*ret)) == sizeof(*ret) ? 0 : 1);
	}
	close(ends[1]);
	e = pid < 0 ? error_sys(errno, "cannot start a process") : wait_for_look(from, pid, spec, ret);
	rmdir(folder);
	return e;
}

static struct error *judge(const struct look *l, const char *spec, const char *path)
{
	switch (l->result) {
	case LOOK_OK:
		return NULL;
	case LOOK_NO_PATH:
		return error_new(ERROR_USAGE, "Dump path \"%s\" does not exist in dump target \"%s\"", path, spec);
	case LOOK_NO_FOLDER:
		return error_new(ERROR_USAGE, "Dump path %s is not a folder", path);
	case LOOK_READ_ONLY:
		return error_new(ERROR_NOT_PERMITTED, "%s%s does not have write permission", spec, path);
	default:
		return error_sys(l->err, "%s: cannot mount it for a look. Please make sure that the NFS server "
					 "is accessible and that this kernel has its nfs modules",
				 spec);
	}
}

/* --- the resolver ------------------------------------------------------------------- */

static bool nfs_claims(const struct settings *s)
{
	return settings_target(s, "nfs") != NULL;
}

static struct error *nfs_resolve(const struct resolve_how *how, const struct settings *s,
				 struct target *t)
{
	const struct network_how net = { .root = how->root, .foreign = how->foreign, .now = time(NULL),
					 .source = &network_live };
	const char *spec = s->value[SETTING_TARGET], *export, *path = settings_get(s, SETTING_PATH);
	_cleanup_free_ char *host = NULL;
	struct inet_addr server, own;
	char text[INET_TEXT];
	struct look l;

	TRY(split(s, &host, &export));
	TRY(target_needs_network(how, spec));
	TRY(error_prefix(network_choose(&net, host, &server), "Dump target \"%s\"", spec));
	TRY(network_plan(&net, &server, &t->net, &t->modules, &t->warnings));
	TRY(network_own_address(&net, &server, &own));
	TRY(look(spec, &server, path, &l));
	TRY(judge(&l, spec, path));
	TRY(target_check_room(how->root, spec, l.room, &t->warnings));
	TRY(make_options(&server, versions[l.version], &t->place.options));
	t->place.device = strdup(spec);
	t->place.fstype = strdup("nfs");
	t->path = strdup(path);
	t->address = strdup(inet_format(&own, text));
	if (!t->place.device || !t->place.fstype || !t->path || !t->address)
		return error_nomem();
	if (asprintf(&t->shown, "%s (nfs %s), path %s", spec, versions[l.version], path) < 0) {
		t->shown = NULL;
		return error_nomem();
	}
	TRY(words_add(&t->modules, "nfs"));
	return words_add(&t->modules, versions[l.version][0] == '3' ? "nfsv3" : "nfsv4");
}

const struct resolver resolver_nfs = { "fs", nfs_claims, nfs_resolve };

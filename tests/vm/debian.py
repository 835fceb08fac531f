"""Debian packages of any suite without touching the system: private apt roots in a cache.

Everything lands below cache(): apt/SUITE (a private apt root), kernels/NAME (an unpacked
kernel), tools/SUITE (unpacked programs with their libraries). What a suite's newest kernel is
called is asked again after a week.
"""
import fcntl
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

WEEK_S = 7 * 24 * 3600

# name: (suite, meta package). The 6.1 one is the full stock kernel. A suite is followed by its
# architecture where that is another one than this machine's.
KERNELS = {
    "6.1": ("bookworm", "linux-image-amd64"),
    "6.12": ("trixie", "linux-image-cloud-amd64"),
    "7": ("sid", "linux-image-cloud-amd64"),
}
# only to be loaded by the others, or run in machines of their own: not fetched with them
FOREIGN_KERNELS = {
    "686": ("bookworm:i386", "linux-image-686-pae"),
    "686-no-pae": ("bookworm:i386", "linux-image-686"),
    "arm64-6.1": ("bookworm:arm64", "linux-image-arm64"),
    "arm64-6.12": ("trixie:arm64", "linux-image-cloud-arm64"),
    "arm64-6.12-16k": ("trixie:arm64", "linux-image-arm64-16k"),
    "arm64-7": ("sid:arm64", "linux-image-cloud-arm64"),
    "ppc64le-6.1": ("bookworm:ppc64el", "linux-image-powerpc64le"),
    "ppc64le-6.12": ("bookworm-backports:ppc64el", "linux-image-powerpc64le"),
    "ppc64le-6.12-64k": ("bookworm-backports:ppc64el", "linux-image-powerpc64le-64k"),
    "armhf-6.1": ("bookworm:armhf", "linux-image-armmp"),
    "armhf-6.1-lpae": ("bookworm:armhf", "linux-image-armmp-lpae"),
    "riscv64-7": ("sid:riscv64", "linux-image-riscv64"),
    "s390x-6.1": ("bookworm:s390x", "linux-image-s390x"),
}


def cache():
    base = os.environ.get("SALVAGE_CACHE")
    if not base:
        base = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")),
                            "salvage")
    path = Path(base)
    path.mkdir(parents=True, exist_ok=True)
    return path


class locked:
    """One user of a cache entry at a time."""

    def __init__(self, name):
        self.path = cache() / f".lock-{name}"

    def __enter__(self):
        self.file = open(self.path, "w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def mirror():
    """The mirror of the system's own apt sources."""
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]:
        try:
            text = path.read_text()
        except OSError:
            continue
        m = re.search(r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(https?://\S+/debian)/?(?:\s|$)", text, re.M)
        if m:
            return m[1]
    return "http://deb.debian.org/debian"


def apt_root(suite, kind="deb"):
    """The apt.conf of a private apt root for `suite`, updated at most a week ago; `kind` deb-src is
    one for sources only."""
    root = cache() / "apt" / (suite if kind == "deb" else f"{suite}.{kind}")
    suite, _, architecture = suite.partition(":")
    conf, stamp = root / "apt.conf", root / "updated"
    if stamp.exists() and time.time() - stamp.stat().st_mtime < WEEK_S:
        return conf
    for sub in ("etc/sources.list.d", "etc/preferences.d", "etc/apt.conf.d",
                "state/lists/partial", "cache/archives/partial"):
        (root / sub).mkdir(parents=True, exist_ok=True)
    (root / "state/status").write_text("")
    key = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    lines = [f"{kind} {key} {mirror()} {suite} main"]
    if suite != "sid" and not architecture:
        lines.append(f"{kind} {key} {mirror()}-security {suite}-security main")
    (root / "etc/sources.list").write_text("\n".join(lines) + "\n")
    options = {
        "APT::Architecture": architecture or "amd64", "APT::Architectures": architecture or "amd64",
        "APT::Install-Recommends": "false", "APT::Sandbox::User": "root",
        "Acquire::Check-Valid-Until": "false", "Acquire::Check-Date": "false",
        "Acquire::Languages": "none", "Acquire::Retries": "3",
        "Dir::Etc": root / "etc", "Dir::Etc::sourcelist": "sources.list",
        "Dir::Etc::sourceparts": "sources.list.d", "Dir::Etc::preferencesparts": "preferences.d",
        "Dir::Etc::parts": root / "etc/apt.conf.d", "Dir::State": root / "state",
        "Dir::State::status": root / "state/status", "Dir::State::lists": root / "state/lists",
        "Dir::Cache": root / "cache", "Dir::Cache::archives": root / "cache/archives",
    }
    conf.write_text("".join(f'{k} "{v}";\n' for k, v in options.items()))
    apt(conf, "apt-get", "update", "-qq")
    stamp.write_text("")
    return conf


def apt(conf, *argv, cwd=None):
    env = dict(os.environ, APT_CONFIG=str(conf), DEBIAN_FRONTEND="noninteractive")
    p = subprocess.run(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1800)
    if p.returncode:
        raise SystemExit(f"{' '.join(argv)} failed:\n{p.stdout}{p.stderr}")
    return p.stdout


def with_fresh_lists(suite, work):
    """work(conf); once more after an update when a package has gone from the mirror meanwhile."""
    try:
        return work(apt_root(suite))
    except SystemExit:
        (cache() / "apt" / suite / "updated").unlink(missing_ok=True)
        return work(apt_root(suite))


def depends(conf, package, pattern):
    for line in apt(conf, "apt-cache", "depends", package).splitlines():
        m = re.match(r"\s*Depends:\s*(\S+)", line)
        if m and re.match(pattern, m[1]):
            return m[1]
    raise SystemExit(f"{package} depends on nothing like {pattern}")


def unpack(conf, packages, into):
    work = into.with_name(into.name + ".packages")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    apt(conf, "apt-get", "download", "-qq", *packages, cwd=work)
    for deb in sorted(work.glob("*.deb")):
        subprocess.run(["dpkg", "-x", deb, into], check=True)
    shutil.rmtree(work)


def source(suite, package, into):
    """Unpacks a package's source, the distribution's patches applied, as the folder `into`."""
    work = into.with_name(into.name + ".source")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    apt(apt_root(suite, "deb-src"), "apt-get", "source", "-qq", package, cwd=work)
    next(p for p in work.iterdir() if p.is_dir()).rename(into)
    shutil.rmtree(work)


class Kernel:
    """An unpacked Debian kernel."""

    def __init__(self, name):
        self.name = name
        suite, meta = (KERNELS | FOREIGN_KERNELS)[name]
        self.suite = suite
        base = cache() / "kernels"
        base.mkdir(exist_ok=True)
        with locked(f"kernel-{suite}"):
            with_fresh_lists(suite, lambda conf: self.fetch(conf, meta, base))
        self.modules = self.tree / "lib/modules" / self.release
        self.image = self.first(f"boot/vmlinuz-{self.release}", f"boot/vmlinux-{self.release}",
                                f"lib/modules/{self.release}/vmlinuz")
        self.config = self.first(f"boot/config-{self.release}", f"lib/modules/{self.release}/config")

    def fetch(self, conf, meta, base):
        image = depends(conf, meta, r"linux-image-\d")
        self.release = image.removeprefix("linux-image-")
        self.tree = base / self.release
        if (self.tree / ".complete").exists():
            return
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.mkdir()
        packages = [image]
        if self.suite.startswith("sid"):  # the image package is empty from 7.2 on
            packages = [f"linux-{p}-{self.release}" for p in ("binary", "modules", "base")]
        print(f"# fetching {' '.join(packages)}", flush=True)
        unpack(conf, packages, self.tree)
        if not (self.tree / "lib").exists():
            (self.tree / "lib").symlink_to("usr/lib")
        subprocess.run(["depmod", "-b", self.tree, self.release], check=True)
        (self.tree / ".complete").write_text("")

    def first(self, *names):
        for n in names:
            if (self.tree / n).exists():
                return self.tree / n
        raise SystemExit(f"{self.tree}: none of {', '.join(names)}")

    def module_files(self, *names):
        """Files of these modules and what they need, in insertion order."""
        out = []
        for name in names:
            p = subprocess.run(["modprobe", "-d", self.tree, "-S", self.release, "--show-depends",
                                name], capture_output=True, text=True)
            for line in p.stdout.splitlines():
                words = line.split()
                if words[:1] == ["insmod"] and words[1] not in out:
                    out.append(words[1])
        return out

    def debug_vmlinux(self, fetch=False):
        """The vmlinux with DWARF (an 850 MB package), or None unless it was fetched before."""
        tree = cache() / "kernels" / f"debug-{self.release}"
        path = tree / "usr/lib/debug/boot" / f"vmlinux-{self.release}"
        if not path.exists() and fetch:
            with locked("debug"):
                conf = apt_root(KERNELS[self.name][0])
                work = tree.with_name(tree.name + ".packages")
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir(parents=True)
                apt(conf, "apt-get", "download", "-qq", f"linux-image-{self.release}-dbg", cwd=work)
                # only the kernel itself, not four thousand modules
                deb = next(work.glob("*.deb"))
                p = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
                tree.mkdir(exist_ok=True)
                subprocess.run(["tar", "x", "-C", tree, "--wildcards", f"*/vmlinux-{self.release}"],
                               stdin=p.stdout, check=True)
                p.wait()
                shutil.rmtree(work)
        return path if path.exists() else None

    def headers(self):
        """A folder for `make -C` of out-of-tree modules (bookworm's packages)."""
        tree = cache() / "kernels" / f"headers-{self.release}"
        package = f"linux-headers-{self.release}"
        source = tree / "usr/src" / package
        with locked("headers"):
            if not (tree / ".complete").exists():
                shutil.rmtree(tree, ignore_errors=True)
                tree.mkdir(parents=True)
                parts = (r"linux-headers-.*-common", r"linux-kbuild-", r"linux-compiler-")
                with_fresh_lists(KERNELS[self.name][0], lambda conf: unpack(
                    conf, [package, *(depends(conf, package, p) for p in parts)], tree))
                # paths of an installed system become those of the unpacked one
                makefile = source / "Makefile"
                makefile.write_text(makefile.read_text().replace("/usr/src/", f"{tree}/usr/src/"))
                kbuild = next((tree / "usr/lib").glob("linux-kbuild-*"))
                for link in ("scripts", "tools"):
                    if (source / link).is_symlink():
                        (source / link).unlink()
                    if (kbuild / link).exists():
                        (source / link).symlink_to(kbuild / link)
                (tree / ".complete").write_text("")
        return source


def foreign_file(suite, package, path):
    """A file out of a package of another suite or architecture."""
    tree = cache() / "tools" / f"{suite.replace(':', '-')}-{package}"
    with locked(f"tool-{suite}"):
        if not (tree / ".complete").exists():
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir(parents=True)
            with_fresh_lists(suite, lambda conf: unpack(conf, [package], tree))
            (tree / ".complete").write_text("")
    return tree / path


def foreign_tool(suite, package, program, emulator):
    """A program of another architecture under user-mode QEMU, as an argv prefix."""
    tree = unpacked_tool(suite, package)
    loader = next(p for p in tree.glob("lib/*/ld*.so.*") if not p.is_symlink())
    usr = tree / "usr" / loader.parent.relative_to(tree)
    return [emulator, str(loader), "--library-path", f"{loader.parent}:{usr}", str(tree / program)]


def tool(suite, package, program):
    """A program of another suite with its own libraries, as an argv prefix."""
    tree = unpacked_tool(suite, package)
    lib = tree / "usr/lib/x86_64-linux-gnu"
    path = next(p for p in (tree / "usr/bin" / program, tree / "usr/sbin" / program) if p.exists())
    return [str(lib / "ld-linux-x86-64.so.2"), "--library-path", f"{lib}:{tree / 'usr/lib'}", str(path)]


def unpacked_tool(suite, package):
    """The tree of a package with all that it depends on."""
    tree = cache() / "tools" / f"{suite.replace(':', '-')}-{package}"
    with locked(f"tool-{suite}"):
        if not (tree / ".complete").exists():
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir(parents=True)
            with_fresh_lists(suite, lambda conf: apt(conf, "apt-get", "install", "-y", "-qq",
                                                     "--download-only", package))
            archives = cache() / "apt" / suite / "cache/archives"
            for deb in archives.glob("*.deb"):
                subprocess.run(["dpkg", "-x", deb, tree], check=True)
                deb.unlink()
            (tree / ".complete").write_text("")
    return tree

"""Kernels that a guest starts by kexec one after the other (guest/kexec-steps): what each step's
image is made of, the words for kexec, and what the console must show of it."""
import re
import subprocess

import debian
import lab

INITRD = "/boot/production.gz"
MAKE = "tests/make"


def run(*argv):
    return subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          check=True, timeout=300).stdout


class Lab:
    """Where a scenario's images are laid: the guest's /boot, before its disk is made."""

    def __init__(self, scenario, kernel, build, tree, initrd):
        self.scenario, self.kernel, self.build, self.boot = scenario, kernel, build, tree / "boot"
        (self.boot / "production.gz").write_bytes(initrd.read_bytes())

    def file(self, name, make):
        path = self.boot / name
        if not path.exists():
            path.write_bytes(make())
        return "/boot/" + name

    def bzimage(self, step):
        return f"/boot/vmlinuz-{self.kernel.release}", INITRD

    def plain(self, step):
        """The same without the running kernel's command line."""
        return self.bzimage(step)

    def vmlinux_bytes(self):
        return run(self.build / MAKE / "vmlinux-of", self.kernel.image)

    def vmlinux(self, step):
        return self.file("vmlinux", self.vmlinux_bytes), INITRD

    def packed(self, step):
        """A vmlinux packed with zstd."""
        def make():
            return subprocess.run(["zstd", "-1qc"], input=self.vmlinux_bytes(), stdout=subprocess.PIPE,
                                  check=True).stdout
        return self.file("vmlinux.zst", make), INITRD

    def uki(self, step):
        """Everything is in the image, its command line too."""
        line = f"console=ttyS0 crashkernel=192M panic=20 no_timer_check step={step} in-uki".replace(" ", "\\s")
        make = lambda: run(self.build / MAKE / "mkimage", "uki", f"linux=@{self.kernel.image}",
                           f"initrd=@{self.boot / 'production.gz'}", f"cmdline=t:{line}",
                           "osrel=t:PRETTY_NAME=\"Test\\sOS\"\\n")
        return self.file(f"step-{step}.efi", make), None

    def other(self, step):
        """A 32-bit Debian kernel with a system of its own."""
        kernel = debian.Kernel("686")
        busybox = debian.foreign_file("bookworm:i386", "busybox-static", "bin/busybox")
        image = self.file("vmlinuz-686", kernel.image.read_bytes)
        initrd = self.file("small-686.gz", lambda: lab.small_initramfs(
            busybox, self.build / "vm" / f"{self.scenario.name}-small.gz").read_bytes())
        return image, initrd

    def other_vmlinux(self, step):
        kernel = debian.Kernel("686")
        image = self.file("vmlinux-686", lambda: run(self.build / MAKE / "vmlinux-of", kernel.image))
        return image, self.other(step)[1]

    def multiboot(self, step):
        """A kernel of a few lines that says what it was told, and resets the machine."""
        program = self.build / "tests/vm/multiboot"
        self.file("module", lambda: b"module content\n")
        return self.file("multiboot", program.read_bytes), None

    def elfnotes(self, step):
        """The same for ELF boot notes."""
        return self.file("elf-notes", (self.build / "tests/vm/elf-notes").read_bytes), None

    def line(self, number, step):
        how, options, image = step
        path, initrd = getattr(self, image)(number)
        words = [how, "-p" if how == "panic" else "-l", options, path]
        if initrd:
            words.append(f"--initrd={initrd}")
        if image == "multiboot":
            words.append(f"--append=step={number} --module='/boot/module first second'")
        elif image == "elfnotes":
            words.append(f"--append='first step={number}'")
        elif image == "plain":
            words.append(f"--append='console=ttyS0 panic=20 no_timer_check step={number}'")
        elif image != "uki":
            words.append(f"--reuse-cmdline --append=step={number}")
        return " ".join(w for w in words if w)


def lay(scenario, kernel, build, tree, initrd):
    where = Lab(scenario, kernel, build, tree, initrd)
    lines = [where.line(i, s) for i, s in enumerate(scenario.steps, 1)]
    (tree / "etc/steps").write_text("".join(l + "\n" for l in lines))


def arrived(o):
    """Every step's kernel came up, as what it should be, and after a panic saw the crash."""
    for i, (how, options, image) in enumerate(o.scenario.steps, 1):
        m = re.search(rf"VM: step {i} arrived: (\S+)(?: (\S+))?", o.run.console)
        assert m, f"step {i} ({o.scenario.steps[i - 1]}) did not arrive"
        if image.startswith("other"):
            assert m[2] == "i686", f"step {i} runs {m[0]}"
        elif image == "elfnotes":
            assert m[1] == "elf-notes", m[0]
        elif image == "multiboot":
            version = 1 if "--type=multiboot-x86" in options else 2
            told = f"multiboot-{version} with module /boot/module first second: module content"
            assert told in o.run.console[m.start():], f"step {i} was not told: {told}"
        else:
            assert m[1] == o.kernel.release and m[2] == "x86_64", m[0]
        if how == "panic" and image != "multiboot":
            assert re.search(rf"VM: step {i} vmcore: [1-9]", o.run.console), f"step {i} saw no crash"
        if image == "uki":
            assert re.search(rf"[Cc]ommand line: .*step={i} in-uki", o.run.console), "not the image's command line"
    assert o.run.when("VM: all steps done"), "the last step is missing"
    return f"{len(o.scenario.steps)} kernels in {o.run.seconds:.0f} s"

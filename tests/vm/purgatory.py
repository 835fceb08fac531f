#!/usr/bin/env python3
"""purgatory.py --build DIR: purgatory on a bare machine, as TAP. QEMU starts where the old kernel's
jump would; what comes back is on the serial line, and QEMU's exit status says whether the
stand-in for the new kernel ended it (33) or the machine was reset (0, by -no-reboot)."""
import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ENTERED, RESET = 33, 0
CPUS = [("qemu64", "plain code"), ("Nehalem", "SSSE3"), ("max", "AVX2"), ("max", "SHA instructions")]
QEMU = "qemu-system-x86_64"


def run(image, cpu):
    argv = ["timeout", "-k", "5", "60", QEMU, "-machine", "q35", "-accel", "tcg", "-cpu", cpu, "-m", "64",
            "-nodefaults", "-display", "none", "-vga", "std", "-net", "none", "-serial", "stdio", "-no-reboot",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-kernel", str(image)]
    started = time.monotonic()
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return p.returncode, p.stdout.decode(errors="replace").replace("\r", ""), time.monotonic() - started


class Results:
    def __init__(self):
        self.n = self.failed = 0

    def add(self, name, ok, text):
        self.n += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.n} - {name}")
        if not ok:
            print("".join(f"# {line}\n" for line in text.splitlines()))

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")


def has_sha():
    """Whether this QEMU can emulate the SHA instructions (8.2 and later can): it warns if not."""
    p = subprocess.run([QEMU, "-machine", "none", "-accel", "tcg", "-cpu", "help"], capture_output=True, text=True)
    version = subprocess.run([QEMU, "--version"], capture_output=True, text=True).stdout
    m = re.search(r"version (\d+)\.(\d+)", version)
    return "sha-ni" in p.stdout and m and (int(m[1]), int(m[2])) >= (8, 2)


def main():
    global QEMU
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build")
    ap.add_argument("--qemu", default=QEMU)
    args = ap.parse_args()
    QEMU = args.qemu
    build = Path(args.build).resolve()
    work = build / "vm" / "purgatory"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    image, r = work / "image", Results()

    def make(*words):
        subprocess.run([build / "tests/vm/purgatory-image", image, *words], check=True)

    sha = has_sha()
    for cpu, unit in CPUS:
        if unit == "SHA instructions" and not sha:
            r.skip(f"{unit}: starts, and notices a changed byte", "this QEMU does not emulate them")
            continue
        if unit == "AVX2" and sha:
            cpu = "max,-sha-ni"
        make()
        status, text, _ = run(image, cpu)
        r.add(f"{unit}: the kernel is entered as the boot protocol wants",
              status == ENTERED and f"KiB ({unit})" in text and "the digest is right" in text
              and "ENTERED rsi=000000000000b007 cr4=0000000000000020 cr0=000000008000003d" in text, text)
        make("spoil")
        status, text, seconds = run(image, cpu)
        r.add(f"{unit}: a changed byte is named, and the machine reset after its time",
              status == RESET and "the digest does not match" in text and "ENTERED" not in text
              and "in 2 s\n" in text and 2 <= seconds < 60, f"{seconds:.1f} s\n{text}")
    make("vga")
    status, text, _ = run(image, "qemu64")
    r.add("the messages stand on the screen too", status == ENTERED
          and re.search(r"SCREEN purgatory: the digest is right", text), text)
    r.add("the serial line has the speed asked for", "divisor=0000000000000003" in text, text)
    make("graphics")
    status, text, _ = run(image, "qemu64")
    r.add("the screen is left as it is", status == ENTERED and "vga=0000000000002705" in text, text)
    make("graphics", "reset-vga", "vga")
    status, text, _ = run(image, "qemu64")
    r.add("or brought back to text, and the messages stand there", status == ENTERED
          and "vga=0000000000004f0e" in text and re.search(r"SCREEN purgatory: the digest is right", text), text)
    make("quiet")
    status, text, _ = run(image, "qemu64")
    r.add("without checks nothing is said and the kernel entered",
          status == ENTERED and "purgatory" not in text and "ENTERED" in text, text)
    print(f"1..{r.n}")
    return r.failed


if __name__ == "__main__":
    sys.exit(main())

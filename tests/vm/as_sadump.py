"""Real memory and registers as a sadump file: what the firmware of a machine would have written of a
guest that QEMU dumped. Layout: doc/formats/sadump.md."""
import struct

BLOCK = 4096


def qemu_states(elf):
    """The QEMU notes of an ELF64 dump, a CPU each."""
    phoff, = struct.unpack_from("<Q", elf, 32)
    offset, size = struct.unpack_from("<8xQ16xQ", elf, phoff)
    at, states = offset, []
    while at < offset + size:
        name, desc, _ = struct.unpack_from("<III", elf, at)
        start = at + 12 + (name + 3 & ~3)
        if elf[at + 12:at + 17] == b"QEMU\0":
            states.append(elf[start:start + desc])
        at = start + (desc + 3 & ~3)
    return states


def save_area(state):
    """A CPU's SMM save area out of its QEMU note."""
    area = bytearray(1024)
    regs = struct.unpack_from("<18Q", state, 8)
    order = "rax rbx rcx rdx rsi rdi rsp rbp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags".split()
    reg = dict(zip(order, regs))
    for i, name in enumerate("r15 r14 r13 r12 r11 r10 r9 r8 rax rcx rdx rbx rsp rbp rsi rdi".split()):
        struct.pack_into("<Q", area, 796 + 8 * i, reg[name])
    idt, = struct.unpack_from("<Q", state, 384)
    cr0, _, _, cr3, cr4 = struct.unpack_from("<5Q", state, 392)
    struct.pack_into("<I", area, 472, idt >> 32)
    struct.pack_into("<I", area, 660, idt & 0xffffffff)
    struct.pack_into("<I", area, 576, cr4)
    struct.pack_into("<QQQQQ", area, 984, reg["rip"], 0xd01, reg["rflags"], cr3, cr0)
    return bytes(area)


def bitmap(bits):
    out = bytearray(-(-len(bits) // 8 // BLOCK) * BLOCK + BLOCK)
    for i, bit in enumerate(bits):
        if bit:
            out[i // 8] |= 0x80 >> (i & 7)
    return bytes(out)


def write(elf, memory, path):
    """A single-partition file of `memory`, from address 0 on, and the registers in `elf`."""
    pages = [memory[i:i + BLOCK] for i in range(0, len(memory), BLOCK)]
    kept = [any(p) for p in pages]
    areas = [save_area(s) for s in qemu_states(elf)]
    sub = struct.pack("<I", 1024 * len(areas))
    sub += b"".join(struct.pack("<QQ", i, 1 << i) for i in range(len(areas))) + b"".join(areas)
    sub += bytes(-len(sub) % BLOCK)
    ram, dumpable = bitmap([True] * len(pages)), bitmap(kept)
    time = struct.pack("<HBBBBBxIhBx", 2024, 3, 1, 12, 30, 5, 0, 2047, 0)
    magic, chain = 0x5a5a, []
    for _ in range(982):
        chain.append(magic)
        magic = (magic + 7) * 11 & 0xffffffff
    used = 2 * BLOCK + len(sub) + len(ram) + len(dumpable) + BLOCK * sum(kept)
    part = b"sadump\0\0".ljust(88, b"\0") + bytes(range(48)) + time + struct.pack("<IIQ", 0, 0, used)
    part += struct.pack("<982I", *chain)
    head = b"sadump\0\0" + struct.pack("<II", 1, 0) + time
    head += struct.pack("<13I", 0, 0, BLOCK, 0, len(sub) // BLOCK, len(ram) // BLOCK, len(dumpable) // BLOCK,
                        len(pages), len(pages), 0, 0, 0, len(areas)).ljust(56, b"\0")
    head += struct.pack("<QQQQ", len(pages), len(pages), 0, 0)
    with open(path, "wb") as f:
        for piece in (part, head.ljust(BLOCK, b"\0"), sub, ram, dumpable):
            f.write(piece)
        for page, keep in zip(pages, kept):
            if keep:
                f.write(page)

# Front door. The build itself is meson's; everything lands in build/, programs in build/bin.
BUILD ?= build
MAKEFLAGS += --no-print-directory

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet
	@packaging/link-programs $(BUILD)

$(BUILD)/build.ninja: | need-build
	@meson setup $(BUILD) . >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@mv $(BUILD).log $(BUILD)/setup.log

# A stock Debian kernel panics in a virtual machine, is captured and explained.
demo: need-demo all
	@tests/vm/demo --build $(BUILD)

# Everything that CI runs: unit tests, cases, fuzz replay, oracles, virtual machines.
check: need-check all build-clang
	@tests/run --build $(BUILD)

# What takes longer; G=GROUP picks one: targets, crash, kexec, arch, faults, loop, fault, fuzz, size. Last results
# are in doc/measured.md.
check-long: need-check need-fuzz need-long all
ifeq ($(G),fuzz)
	@$(MAKE) fuzz T=600
else ifeq ($(G),size)
	@bench/reservation.py --build $(BUILD)
else
	@tests/run --build $(BUILD) --long $(G)
endif

# The other compiler: warnings are errors there too.
build-clang: need-check need-build
	@test -f $(BUILD)-clang/build.ninja || CC=clang meson setup $(BUILD)-clang . >/dev/null
	@ninja -C $(BUILD)-clang --quiet

# The unit tests under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan: need-build
	@test -d $(BUILD)-asan || meson setup -Db_sanitize=address,undefined -Db_lundef=false $(BUILD)-asan . >/dev/null
	@ninja -C $(BUILD)-asan --quiet
	@tests/run --build $(BUILD)-asan unit fuzz

# Side-by-side figures against the established tools.
bench: need-check need-bench all
	@bench/run --build $(BUILD)

# Fuzzes every parser for T seconds each (default 60).
fuzz: need-build need-fuzz
	@test -d $(BUILD)-fuzz || CC=clang meson setup -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false $(BUILD)-fuzz . >/dev/null
	@ninja -C $(BUILD)-fuzz --quiet
	@fuzz/run $(BUILD)-fuzz $(or $(T),60)

install: all
	@meson install -C $(BUILD) --no-rebuild

help:
	@sed -n 's/^# \(.*\)/\1/p; s/^\([a-z-]*\):.*/    make \1/p' Makefile | grep -v '^    make all\|^    make help'

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-fuzz $(BUILD)-clang

need-%:
	@packaging/need $*

.PHONY: all demo check build-clang check-long check-asan bench fuzz install clean help

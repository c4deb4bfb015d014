# rnframe: everything is found by folder, nothing is listed.
#   make            the program and the plugins, in build/
#   make help       the other targets
BUILD ?= build
PREFIX ?= /usr/local
# Below PREFIX: folders of the library and of its module for Python, where Debian's python3
# searches.
LIBDIR ?= lib
PYTHONDIR ?= lib/python$(if $(filter /usr,$(PREFIX)),3,$(python_version))/dist-packages
PKG_CONFIG ?= pkg-config
ifeq ($(origin CC),default)
CC := gcc
endif
Q := $(if $(V),,@) # make V=1 shows the commands

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

ifneq ($(word 2,$(MAKECMDGOALS)),)
# Several goals are made one after the other, in the order of the command line:
# `make deps check` must not compile while it installs the compiler.
$(MAKECMDGOALS):
	@$(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) $@
.NOTPARALLEL:
.PHONY: $(MAKECMDGOALS)
else

# Run COMMAND when the variable is first used, and never again: a fresh machine has
# neither compiler nor pkg-config when make reads this file.
once = $(eval $(1) := $(shell $(2)))$($(1))

# The system's, which has the modules of `make deps`: another one may stand before it in PATH.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
python_version = $(call once,python_version,$(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo 3)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion $(if $(DEV),-Werror)
CFLAGS ?= -O3 -g
# No flags of a packager change the bits of results: those that set the float mode of what
# is linked with them are left out, and BITS comes last. Paths in debug
# information are relative, so that a plugin's digest does not depend on where it was built.
KEPT := $(patsubst -Ofast,-O3,$(filter-out -ffast-math -funsafe-math-optimizations,$(CFLAGS)))
BITS := -fno-fast-math -ffp-contract=off -fno-math-errno -fno-trapping-math
BASE := -std=gnu17 -fPIC -fvisibility=hidden -ffile-prefix-map=$(CURDIR)=. -Iinclude \
	$(WARN) $(CPPFLAGS) $(KEPT) $(BITS) $(SAN) -MMD -MP
LINK := $(KEPT) $(SAN) $(LDFLAGS)

# A plugin's packages stand in its source: /* needs: hdf5 */ (a pkg-config name).
plugin_src := $(wildcard plugins/*/*.c)
plugin_dir := $(sort $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/*/*.c))))
plugins := $(plugin_src:plugins/%.c=$(BUILD)/plugins/%.so) $(plugin_dir:%=$(BUILD)/plugins/%.so)
core_src := $(wildcard core/*/*.c)
core_obj := $(filter-out $(BUILD)/core/cli/main.o,$(core_src:%.c=$(BUILD)/%.o))
core := $(BUILD)/core.a
library := $(BUILD)/librnframe.so.0
folder_src := $(wildcard plugins/*/*/*.c)
test_src := $(filter-out tests/lib/%,$(wildcard tests/core/*/*.c tests/plugins/*/*.c tests/contract/*.c tests/conf/*.c tests/cli/*.c))
fuzz_src := $(wildcard tests/fuzz/*.c)
test_lib_src := $(wildcard tests/lib/*.c)
fuzz_lib_src := $(wildcard tests/fuzz/lib/*.c)
tests := $(test_src:%.c=$(BUILD)/%)
fuzz := $(fuzz_src:%.c=$(BUILD)/%)

PKG_CORE := libconfig jansson libxxhash
core_cflags = $(call once,core_cflags,$(PKG_CONFIG) --cflags $(PKG_CORE))
core_libs = $(call once,core_libs,$(PKG_CONFIG) --libs $(PKG_CORE))
check_cflags = $(call once,check_cflags,$(PKG_CONFIG) --cflags check)
check_libs = $(call once,check_libs,$(PKG_CONFIG) --libs check)
version = $(shell sed -n 's/^.define RNF_VERSION "\(.*\)"/\1/p' include/rnframe/abi.h)
LIBS_CORE = $(core_libs) -ldl -lm -lpthread

all: $(BUILD)/rnframe $(library) $(plugins) prune ## program, library and plugins, in build/ (BUILD=DIR)

# Everything that is compiled or linked depends on this, besides its sources.
flags := $(BUILD)/flags
$(flags): FORCE
	@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(CC) | $(BASE) | $(LINK))' >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
FORCE:

compile = $(Q)$(CC) $(BASE) $(1) -c $< -o $@

$(BUILD)/rnframe: $(BUILD)/core/cli/main.o $(core)
	@echo "  link    $@"
	$(Q)$(CC) $(LINK) $^ -o $@ $(LIBS_CORE)

# Of the core what its five functions need. Plugins refer to it until the process ends.
$(library): $(BUILD)/core/library/model.o $(core) core/library/exports.map
	@echo "  link    $@"
	$(Q)$(CC) $(LINK) -shared -Wl,-soname,$(@F) -Wl,-z,nodelete $(UNDEFINED) \
		-Wl,--version-script=core/library/exports.map $(filter %.o %.a,$^) -o $@ $(LIBS_CORE)
	$(Q)ln -sf $(@F) $(BUILD)/librnframe.so

$(core): $(core_obj)
	@echo "  archive $@"; rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/core/%.o: core/%.c $(flags)
	@mkdir -p $(@D); echo "  core    $<"
	$(call compile,-Icore $(core_cflags))

# For a recipe: flags and libraries of the packages of the sources $(1). Where
# a package is not installed the plugin is left out; NAME.missing names the packages, so that
# the program can report them.
needs = $(shell sed -n 's|^/\* needs: \(.*\) \*/$$|\1|p' $(1))
# A description of messages: /* proto: onnx/onnx.proto */. The one source that names it
# includes what protoc-c makes of it.
protos = $(shell sed -n 's|^/\* proto: \(.*\) \*/$$|\1|p' $(1))
PROTO_PATH := /usr/include
packages = packages="$(call needs,$(1))"; cflags=""; libs=""; \
	for p in $(call protos,$(1)); do [ -f $(PROTO_PATH)/$$p ] && command -v protoc-c >/dev/null || \
		{ packages="$$packages $$p"; $(2); exit 0; }; done; \
	if [ -n "$$packages" ]; then $(PKG_CONFIG) --exists $$packages || { $(2); exit 0; }; \
		cflags=$$($(PKG_CONFIG) --cflags $$packages | sed 's/-I/-isystem /g'); \
		libs=$$($(PKG_CONFIG) --libs $$packages); fi;
describe = for p in $(call protos,$(1)); do mkdir -p $(BUILD)/proto; \
	protoc-c --proto_path=$(PROTO_PATH) --c_out=$(BUILD)/proto $$p || exit 1; \
	cflags="$$cflags -isystem $(BUILD)/proto"; done;
leave_out = echo "left out: $(1) (install the development package of: $$packages)"; \
	rm -f $@; echo "$$packages" >$(@:.so=.missing)
UNDEFINED := -Wl,-z,defs # a plugin links all that it needs
exports := plugins/exports.map
EXPORTS := -Wl,--version-script=$(exports)

$(BUILD)/plugins/%.so: plugins/%.c $(exports) $(flags)
	@mkdir -p $(@D); rm -f $(@:.so=.missing)
	$(Q)$(call packages,$<,$(call leave_out,$<)) echo "  plugin  $<"; \
	$(CC) $(BASE) $$cflags -shared $(UNDEFINED) $(EXPORTS) $< -o $@ $(LDFLAGS) -Wl,--as-needed $$libs -lm

# A plugin of several files is a folder; the packages of any are those of all. Without
# them there are no objects, so that a later make compiles them.
# Files for one kind of processor name their flags: /* x86 flags: -mavx2 */
target = $(call once,target,$(CC) -dumpmachine)
x86_flags = $(if $(filter x86_64-%,$(target)),$(shell sed -n 's|^/\* x86 flags: \(.*\) \*/$$|\1|p' $(1)))
$(BUILD)/plugins/%.o: plugins/%.c $(flags)
	@mkdir -p $(@D)
	$(Q)$(call packages,$(<D)/*.c,rm -f $@) $(call describe,$<) echo "  plugin  $<"; \
	$(CC) $(BASE) $(call x86_flags,$<) $$cflags -c $< -o $@

define folder_plugin
$(BUILD)/plugins/$(1).so: $(patsubst plugins/%.c,$(BUILD)/plugins/%.o,$(wildcard plugins/$(1)/*.c)) $(exports)
	@rm -f $$(@:.so=.missing)
	$(Q)$$(call packages,plugins/$(1)/*.c,$$(call leave_out,plugins/$(1))) \
	$(CC) $(LINK) -shared $(UNDEFINED) $(EXPORTS) $$(filter %.o,$$^) -o $$@ $$$$libs -lm
endef
$(foreach dir,$(plugin_dir),$(eval $(call folder_plugin,$(dir))))

# Remove shared objects whose source is gone, so that the loader does not find them.
prune:
	@for so in $(filter-out $(plugins) $(plugins:.so=.missing),$(wildcard $(BUILD)/plugins/*/*.so $(BUILD)/plugins/*/*.missing)); do echo "pruned: $$so"; rm -f $$so; done

# Tests: objects apart from the programs, so that a change in core links and compiles none.
# With -rdynamic a test's own clock is that of the plugins, too.
$(BUILD)/tests/%.o: tests/%.c $(flags)
	@mkdir -p $(@D); echo "  test    $<"
	$(call compile,-Icore -Itests $(core_cflags) $(check_cflags))
$(tests): %: %.o $(test_lib_src:%.c=$(BUILD)/%.o) $(core)
	$(Q)$(CC) $(LINK) -rdynamic $^ -o $@ $(check_libs) $(LIBS_CORE)

# A library to preload that makes system calls fail.
$(BUILD)/tests/fault.so: $(wildcard tests/lib/fault/*.[ch]) $(flags)
	@mkdir -p $(@D); echo "  test    $@"
	$(Q)$(CC) $(BASE) -shared $(filter %.c,$^) -o $@ $(LDFLAGS) -ldl

# Plugins that are wrong on purpose, one mistake each.
bad := $(patsubst tests/bad/%.c,$(BUILD)/tests/bad/layer/%.so,$(wildcard tests/bad/*.c))
$(BUILD)/tests/bad/layer/%.so: tests/bad/%.c tests/bad/bad.h $(wildcard include/rnframe/*.h) $(flags)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) -shared $< -o $@
$(BUILD)/tests/contract/bad_plugins: | $(bad)
$(BUILD)/tests/contract/caught: | $(addprefix $(BUILD)/tests/contract/,tiles kinds backends)

# Fuzz targets: as tests they replay their corpus and mutants of it.
replay := $(BUILD)/tests/fuzz/lib/replay.o
FUZZ_MAIN = $(replay)
$(fuzz): %: %.o $(filter-out $(replay),$(fuzz_lib_src:%.c=$(BUILD)/%.o)) $(FUZZ_MAIN) $(core)
	$(Q)$(CC) $(LINK) $(FUZZ_LINK) $^ -o $@ $(LIBS_CORE)

# The real CIFAR-10, unpacked once, where the tests look for it.
ARCHIVE := ../shared/data/cifar-10/cifar-10-binary.tar.xz
build/data/cifar-10-batches-bin:
	@mkdir -p $(@D)
	@if [ -f $(ARCHIVE) ]; then tar xJf $(ARCHIVE) -C $(@D); \
	elif [ "$$CI" = true ]; then echo "$(ARCHIVE) is missing"; exit 1; fi

lint: ## rules of the tree
	@tests/lint/run

chosen := $(if $(T),$(T:%.c=$(BUILD)/%),$(tests) $(fuzz))
check: all lint $(BUILD)/tests/fault.so $(chosen) build/data/cifar-10-batches-bin ## build, lint, all tests (T=tests/core/plan/plan.c: those alone)
	@tests/run $(BUILD) $(chosen)

# use_tls=0: gcc 12's leak checker sometimes reads the thread-local storage of a
# thread that has just ended, and dies of it.
asan: ## check, with the address and undefined-behaviour sanitizers
	LSAN_OPTIONS=use_tls=0:print_suppressions=0:suppressions=$(CURDIR)/tests/lsan.supp \
		$(MAKE) check BUILD=build/asan SAN="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" CFLAGS="-O2 -g"
ubsan: asan
tsan: ## check, with the thread sanitizer
	$(MAKE) check BUILD=build/tsan SAN="-fsanitize=thread" CFLAGS="-O2 -g"

# Of each class or of one; SEED and CASE make one of them again.
campaign: all $(BUILD)/tests/fault.so ## faults on purpose: CLASS=kill, COUNT=100 cases or BUDGET=1h, SEED=1 CASE=77
	@$(PYTHON) -B tests/campaign/campaign.py --build $(BUILD) $(if $(CLASS),--class $(CLASS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(CASE),--case $(CASE)) $(if $(COUNT),--count $(COUNT)) $(if $(BUDGET),--budget $(BUDGET))

# Finds go to build/fuzz/found. Needs clang (make deps-fuzz). Leaks are checked at the end
# alone: libconfig has one at each error.
RUNS ?= 100000
fuzz: ## look for more mistakes of a parser: T=conf or another of tests/fuzz, RUNS=100000
	@$(MAKE) fuzz-run BUILD=build/fuzz CC=clang CFLAGS="-O1 -g" UNDEFINED= FUZZ_MAIN= FUZZ_LINK=-fsanitize=fuzzer \
		SAN="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined"
fuzz-run: $(filter %/$(T).so,$(plugins)) $(if $(filter expand model,$(T)),$(plugins)) $(BUILD)/tests/fuzz/$(T)
	@mkdir -p $(BUILD)/corpus/$(T) $(BUILD)/found
	LSAN_OPTIONS=suppressions=tests/lsan.supp RNF_BUILD=$(BUILD) \
		$(BUILD)/tests/fuzz/$(T) -runs=$(RUNS) -max_len=4096 -timeout=10 -detect_leaks=0 -artifact_prefix=$(BUILD)/found/$(T)- \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(T).dict)) $(BUILD)/corpus/$(T) tests/fuzz/corpus/$(T)

# Bugs on purpose, in a copy: each must be caught by the test that it names.
seeded: ## bugs on purpose, in a copy: each must be caught (T=one of them)
	@tests/seeded/run $(T)

# It goes on where it was stopped. AGAIN=1 tries what nothing caught and nothing explains once
# more, NEAR=1 with the tests of a file's folder alone, TABLE=1 shows what is known.
mutants: build/data/cifar-10-batches-bin ## one-token changes at random places, each must be caught: COUNT=300, SEED=1, F=core/plan
	@$(PYTHON) -B tests/mutants/mutants.py $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) $(F:%=--file %) \
		$(if $(JOBS),--jobs $(JOBS)) $(if $(AGAIN),--again) $(if $(NEAR),--near) $(if $(TABLE),--table)

# SE-MXResNet20 on Fashion-MNIST: the first run of a new user.
quickstart: all ## the first run of a new user, some two minutes
	$(BUILD)/rnframe train --conf quickstart.cfg

bench: all ## speed, memory: SCALE=1 how a step grows, JSON=FILE, DATA=DIR, PEER_PYTHON=one with PyTorch
	@$(PYTHON) -B tests/bench/bench.py --program $(BUILD)/rnframe --pictures $(BUILD)/bench $(if $(filter 1,$(SCALE)),--scale) \
		$(if $(JSON),--json $(JSON)) $(if $(DATA),--data $(DATA)) $(if $(PEER_PYTHON),--peer-python $(PEER_PYTHON))

# What is installed, a line each: its mode, the file, its place below PREFIX. None has blanks.
to_install = echo 755 $(BUILD)/rnframe bin/rnframe; \
	find include/rnframe -type f -printf '644 %p %p\n'; \
	find conf -type f -printf '644 %p share/rnframe/%p\n'; \
	echo 644 $(BUILD)/man/rnframe.1 share/man/man1/rnframe.1; \
	echo 644 $(BUILD)/man/rnframe.cfg.5 share/man/man5/rnframe.cfg.5; \
	echo 644 $(BUILD)/man/completion share/bash-completion/completions/rnframe; \
	find $(BUILD)/plugins -type f '(' -name '*.so' -o -name '*.missing' ')' -printf '644 %p lib/rnframe/plugins/%P\n'; \
	sed 's|@PREFIX@|$(call for_sed,$(PREFIX))|; s|@LIBDIR@|$(call for_sed,$(libdir))|; s|@VERSION@|$(version)|' core/library/rnframe.pc.in >$(BUILD)/rnframe.pc; \
	echo 644 $(BUILD)/rnframe.pc $(libdir)/pkgconfig/rnframe.pc; \
	echo 644 $(library) $(libdir)/$(notdir $(library)); \
	echo link $(notdir $(library)) $(libdir)/librnframe.so; \
	find core/library/rnframe -maxdepth 1 -type f -printf '644 %p $(pythondir)/rnframe/%f\n'
# A text behind s|...| in a script of sed in single quotes.
for_sed = $(subst ','\'',$(subst |,\|,$(subst &,\&,$(subst \,\\,$(1)))))
libdir = $(patsubst $(PREFIX)/%,%,$(LIBDIR))
pythondir = $(patsubst $(PREFIX)/%,%,$(PYTHONDIR))

# LIST names all that install makes below PREFIX: new folders, with a / at their end, then
# itself, then files. It is written before them, so that uninstall can undo an install that was
# interrupted. Uninstall removes its lines from the last to the first.
LIST := share/rnframe/installed
root = root='$(subst ','\'',$(DESTDIR)$(PREFIX))'
folders := awk '{ n = split($$0, part, "/"); at = ""; for (i = 1; i < n; i++) if (!seen[at = at part[i] "/"]++) print at }'
remove = [ ! -f "$$root/$(LIST)" ] || tac "$$root/$(LIST)" | while read -r at; do case $$at in \
	*/) [ ! -d "$$root/$$at" ] || rmdir --ignore-fail-on-non-empty "$$root/$$at" || exit 1;; \
	*) rm -f "$$root/$$at" || exit 1;; esac; done

# The program writes its manual itself, from the tables of its verbs, options and keys.
man: all ## the manual pages and the completion for bash, in build/man
	@mkdir -p $(BUILD)/man
	$(Q)$(BUILD)/rnframe man rnframe >$(BUILD)/man/rnframe.1
	$(Q)$(BUILD)/rnframe man rnframe.cfg >$(BUILD)/man/rnframe.cfg.5
	$(Q)$(BUILD)/rnframe completion >$(BUILD)/man/completion

install: all man ## program, library, plugins, headers, confs, manual, completion to DESTDIR/PREFIX
	@$(root); $(remove) || exit 1; mkdir -p "$$root" || exit 1; { $(to_install); } >$(BUILD)/to_install; \
	{ echo $(LIST); cut -d' ' -f3 $(BUILD)/to_install; } >$(BUILD)/places; \
	{ $(folders) $(BUILD)/places | while read -r at; do [ -d "$$root/$$at" ] || echo "$$at"; done; \
		cat $(BUILD)/places; } >$(BUILD)/installed; \
	grep '/$$' $(BUILD)/installed | while read -r at; do mkdir -m 755 "$$root/$$at" || exit 1; done && \
	install -m 644 $(BUILD)/installed "$$root/$(LIST)" && \
	while read -r mode file at; do case $$mode in \
		link) ln -sf $$file "$$root/$$at";; *) install -m $$mode $$file "$$root/$$at";; esac || exit 1; \
	done <$(BUILD)/to_install

uninstall: ## remove what install made, and nothing else
	@$(root); $(remove)

PACKAGES := gcc make pkg-config libconfig-dev check libopenblas-dev libhdf5-dev \
	libspng-dev libjpeg62-turbo-dev libarchive-dev zlib1g-dev libcurl4-openssl-dev libjansson-dev libxxhash-dev nettle-dev \
	libprotobuf-c-dev protobuf-c-compiler libonnx-dev clang gnuplot-nox mandoc dataset-fashion-mnist xz-utils bzip2 qemu-user python3 python3-numpy python3-yaml
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# Makes a bare Debian below build/fresh and runs README's commands in it.
fresh: ## the commands of README on a bare Debian (needs root and debootstrap, some minutes)
	@tests/fresh/run

deps: ## install the Debian packages that are missing
	@missing=""; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; }

deps-fuzz: ## and what fuzz needs
	@$(MAKE) deps PACKAGES="libclang-rt-14-dev"

deps-cross: ## and what tests/cli/cross.c needs: exported C on ARM and RISC-V
	@$(MAKE) deps PACKAGES="gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
		gcc-riscv64-linux-gnu libc6-dev-riscv64-cross qemu-user"

clean: ## remove build/
	rm -rf $(BUILD)

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20

# A recipe that fails leaves nothing that looks finished; intermediate objects stay.
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE all prune lint check campaign seeded mutants fresh fuzz fuzz-run deps-fuzz deps-cross quickstart bench man install uninstall asan ubsan tsan deps clean help
-include $(patsubst %.c,$(BUILD)/%.d,$(core_src) $(plugin_src) $(folder_src) $(test_src) \
	$(fuzz_src) $(test_lib_src) $(fuzz_lib_src)) $(bad:.so=.d) $(BUILD)/tests/fault.d
endif

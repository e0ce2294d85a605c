# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything that proves the program. Included by the Makefile.
#   make test       all of it, with a count at the end (tests/jobs says what all is)
#   make test-unit test-frames test-shell test-terminal test-live    one layer, quickly
#   make asan tsan valgrind fuzz    the layers under that tool
#   make check      what needs no running: layers, format, clang-tidy, cppcheck
#   make format     formats the sources
#   make bench      the figures

TEST_JOBS := $(shell nproc 2>/dev/null || echo 2)

TEST_SOURCES  := $(sort $(wildcard tests/unit/test_*.c tests/screen/frame_*.c))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TEST_SOURCES))
# Whatever else lies beside the tests is shared by them.
TEST_SUPPORT  := $(filter-out $(TEST_SOURCES),$(sort $(wildcard tests/unit/*.c tests/screen/*.c)))
SUPPORT_LIB   := $(BUILD)/tests/libsupport.a
FUZZERS       := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCHES       := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/bench_*.c)))

test-programs: $(TEST_PROGRAMS)
fuzzers: $(FUZZERS)
benches: $(BENCHES)

# cmocka's assertions convert whatever they are given.
$(BUILD)/tests/%.o: WARN += -Wno-sign-conversion

$(SUPPORT_LIB): $(patsubst %.c,$(BUILD)/%.o,$(TEST_SUPPORT))
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(TEST_PROGRAMS): $(BUILD)/%: $(BUILD)/%.o $(SUPPORT_LIB) $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $< -Wl,--start-group $(SUPPORT_LIB) $(LIBRARY) -Wl,--end-group $(ALL_LIBS) -lcmocka

# libFuzzer brings main(); needs clang and a library built with it (BUILD=build/asan).
$(FUZZERS): $(BUILD)/%: $(BUILD)/%.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

$(BENCHES): $(BUILD)/%: $(BUILD)/%.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

-include $(patsubst %,%.d,$(TEST_PROGRAMS) $(FUZZERS) $(BENCHES))
-include $(patsubst %.c,$(BUILD)/%.d,$(TEST_SUPPORT))

run_jobs = sh tests/jobs $(1) | sh tests/run -l build/logs/$(2) -j $(TEST_JOBS) -

test: setup-test
	@$(call run_jobs,all,all)

setup-test:
	@sh packaging/setup.sh test

test-unit:
	@$(call run_jobs,build unit,unit)
test-frames:
	@$(call run_jobs,build frames,frames)
test-shell:
	@$(call run_jobs,build shell,shell)
test-terminal:
	@$(call run_jobs,build terminal,terminal)
test-live:
	@$(call run_jobs,build guest live,live)
asan:
	@$(call run_jobs,asan guest asan-live,asan)
tsan:
	@$(call run_jobs,tsan guest tsan-live,tsan)
valgrind:
	@$(call run_jobs,build valgrind,valgrind)
fuzz:
	@$(call run_jobs,build-asan fuzz,fuzz)
check:
	@$(call run_jobs,checks,checks)

check-layers:
	@sh tests/check-layers.sh

C_FILES = $(sort $(wildcard src/*.[ch] src/*/*.[ch] ui/*.[ch] tests/*/*.[ch]))
format:
	clang-format -i $(C_FILES)

check-format:
	@clang-format --dry-run --Werror $(C_FILES) || { echo "make format mends it"; exit 1; }

# A stamp a file, so that only what changed is looked at again, and make's -j divides the work.
TIDY = $(patsubst %.c,$(BUILD)/tidy/%.ok,$(SOURCES))
tidy: $(TIDY)
$(BUILD)/tidy/%.ok: %.c .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet --warnings-as-errors='*' $< -- -std=c17 $(ALL_CPPFLAGS) 2>$@.err || { cat $@.err; exit 1; }
	@touch $@

cppcheck:
	@mkdir -p $(BUILD)/cppcheck
	@cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --suppressions-list=tests/data/cppcheck.supp --cppcheck-build-dir=$(BUILD)/cppcheck -j $(TEST_JOBS) \
	    -D_GNU_SOURCE -DVIRTDECK_VERSION='""' -DVIRTDECK_DATADIR='""' -Isrc -I. src ui

bench: setup-test all benches
	@BUILD=$(BUILD) sh tests/bench/run.sh

.PHONY: bench test setup-test test-programs fuzzers benches test-unit test-frames test-shell test-terminal test-live \
    asan tsan valgrind fuzz check check-layers format check-format tidy cppcheck

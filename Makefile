# crmx: "make help" lists everything. Each mode builds below build/MODE with its own objects.
MODE ?= release
CC ?= gcc
BUILD := build/$(MODE)

CPPFLAGS := -I. -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
            -Wcast-qual -Wwrite-strings -Wno-unused-parameter
ifeq ($(findstring clang,$(CC)),)
# gcc only. Texts of messages are cut at their capacity on purpose; the sanitizers' extra code makes gcc see uninitialised
# variables that are none.
WARNINGS += -Wno-format-truncation $(if $(filter asan tsan,$(MODE)),-Wno-maybe-uninitialized)
endif
# Built where it runs: for this processor (measured: 15 % less processor time). A package sets MARCH=x86-64-v2; the kernels that
# matter most choose at run time in any case. The bytes of a result do not depend on it.
MARCH ?= native
CFLAGS_release := -O3 -g -fno-omit-frame-pointer -march=$(MARCH)
CFLAGS_debug := -O0 -g
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread
CFLAGS_cov := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# No fast-math and no contraction: a score is the IEEE double of the written order on every machine.
CFLAGS := -std=gnu17 $(WARNINGS) $(CFLAGS_$(MODE)) -ffp-contract=off -fno-strict-aliasing -pthread -MMD -MP \
          -I/usr/include/postgresql
LDFLAGS := $(CFLAGS_$(MODE)) -pthread
LDLIBS := -lpq -lz -lcurl -liniparser -ljansson -lxxhash -lcrypto -lm

AREAS := base scoring etl control
SOURCES := $(filter-out control/main.c,$(wildcard $(addsuffix /*.c,$(AREAS)) control/commands/*.c))
SQL_FILES := $(sort $(wildcard sql/schema/*.sql sql/query/*.sql))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/etl/decode_kernel_avx2.o $(BUILD)/sql/embedded.o
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/base/test_*.c tests/scoring/test_*.c tests/etl/test_*.c tests/control/test_*.c))
FORMULAS_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/formulas/*.c))
GENERATORS := $(if $(wildcard samples/generate.c),$(BUILD)/samples/generate)
GENERATOR_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard samples/*.c)) $(BUILD)/base/date.o $(BUILD)/base/status.o

.PHONY: all help unit clean FORCE
all: $(BUILD)/crmx $(GENERATORS) ## build the program (MODE=release|debug|asan|tsan|cov)

help: ## this list
	@awk -F':.*## ' '/^[a-z ]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BUILD)/crmx: $(BUILD)/control/main.o $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Every statement of sql/ goes into the program as a table of byte arrays (etl/database_sql.h). The list of names is a
# prerequisite too, so that a removed file leaves the program.
$(BUILD)/sql/names: FORCE
	@mkdir -p $(@D)
	@echo $(SQL_FILES) | cmp -s - $@ || echo $(SQL_FILES) > $@

$(BUILD)/sql/embedded.c: sql/embed.sh $(SQL_FILES) $(BUILD)/sql/names
	sh sql/embed.sh $(SQL_FILES) > $@.tmp && mv $@.tmp $@

$(BUILD)/sql/embedded.o: $(BUILD)/sql/embedded.c
	$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The same kernel a second time for processors with AVX2; etl/decode_compile.c chooses at run time.
$(BUILD)/%_kernel_avx2.o: %_kernel.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -mavx2 -mbmi2 -DDECODE_KERNEL=avx2 -c -o $@ $<

# For tests: a program takes from it what it uses. Linking all of it, ninety times, takes longer than all unit tests run.
ENGINE := $(BUILD)/engine.a
$(ENGINE): $(OBJECTS)
	@rm -f $@
	$(AR) crsT $@ $^

# The tests' own code is not what is measured, and need not be fast; the benches' is.
$(TESTS:=.o) $(FORMULAS_OBJECTS): CFLAGS := $(subst -O3,-O1,$(CFLAGS))

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(ENGINE)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# The generator shares nothing with the engine but the calendar: it is what the engine is tested with.
$(BUILD)/samples/generate: $(GENERATOR_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lz

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(ENGINE)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# Random formulas for PostgreSQL and the engine: tests/formulas/run compares.
$(BUILD)/tests/formulas/formulas: $(FORMULAS_OBJECTS) $(ENGINE)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

unit: $(TESTS) ## build and run the unit tests only
	@MODE=$(MODE) tests/run unit

# --- tests; every runner ends with "N passed, N failed" (tests/README.md) ---

.PHONY: tests test check law campaign asan tsan cov crash faults fuzz bench demo lint format docs install
tests: all $(TESTS) $(BUILD)/tests/formulas/formulas

test: tests ## unit and integration tests, a short span of the law and of that of deltas (five minutes)
	@MODE=$(MODE) tests/run integration unit formulas law delta

check: test asan tsan crash faults fuzz lint ## everything: also sanitizers, crashes, faults, a fuzz smoke

asan tsan: ## the unit tests under the address or the thread sanitizer
	@$(MAKE) --no-print-directory MODE=$@ unit

crash faults: all ## kill -9 at random places; every system call failed once
	@MODE=$(MODE) tests/run $@

law: all ## initial + daily loads = initial load; one night in every way that must not matter; day by day against plain SQL
	@MODE=$(MODE) tests/law/run
	@MODE=$(MODE) tests/law/run --relations 2 --spans 3 --days 8 --seed 2
	@MODE=$(MODE) tests/law/night
	@MODE=$(MODE) tests/delta/run --days 30
	@MODE=$(MODE) tests/differential/daily
	@MODE=$(MODE) tests/differential/daily --seed 2 --leave leave
	@MODE=$(MODE) tests/differential/daily --seed 3 --leave 'hysteresis 0.9 2'
	@MODE=$(MODE) tests/differential/month
	@MODE=$(MODE) tests/differential/month --seed 2 --breaks 2

CAMPAIGN_SEED ?= 1
campaign: all ## a whole year of it, and twenty short spans (an hour)
	@MODE=$(MODE) tests/law/run --spans 20 --days 10 --seed $(CAMPAIGN_SEED)
	@MODE=$(MODE) tests/law/run --spans 1 --days 365 --customers 300 --seed $(CAMPAIGN_SEED)
	@MODE=$(MODE) tests/law/night --seconds 600 --seed $(CAMPAIGN_SEED)
	@MODE=$(MODE) tests/delta/run --days 365 --customers 300 --seed $(CAMPAIGN_SEED)
	@MODE=$(MODE) tests/differential/daily --days 60 --seed $(CAMPAIGN_SEED)

FUZZ_SECONDS ?= 20
fuzz: ## every fuzzer for FUZZ_SECONDS (20)
	@tests/fuzz/run --seconds $(FUZZ_SECONDS)

cov: ## coverage of the unit tests: a table here, pages in build/cov/html
	@find build/cov -name '*.gcda' -delete 2>/dev/null; $(MAKE) --no-print-directory MODE=cov unit
	@mkdir -p build/cov/html
	@gcovr --root . --object-directory build/cov --exclude 'tests/' --exclude 'samples/' \
	    --html-details build/cov/html/index.html --print-summary

bench: all ## the benchmark job against its goals
	@if [ -x tests/bench/run ]; then tests/bench/run; else echo "there is no tests/bench/run"; exit 1; fi

demo: all ## an initial load, nights and a month end with made-up data
	@if [ -x samples/demo.sh ]; then samples/demo.sh; else echo "there is no samples/demo.sh"; exit 1; fi

# --- care of the source ---

lint: ## format and style of every tracked C file
	@tests/lint

format: ## rewrite tracked C files as lint wants them
	@tests/format

docs: $(BUILD)/crmx ## rewrite the documents that are made from tables
	$(BUILD)/crmx config doc > docs/options.md
	$(BUILD)/crmx config doc --ini > config/crmx.ini

PREFIX ?= /usr/local
install: all ## install below PREFIX (/usr/local), DESTDIR in front
	install -D -m 755 $(BUILD)/crmx $(DESTDIR)$(PREFIX)/bin/crmx
	cd config/template && find . -type f ! -name '.*' -exec install -D -m 644 {} $(DESTDIR)$(abspath $(PREFIX))/share/crmx/template/{} \;

clean: ## remove everything that was built
	rm -rf build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

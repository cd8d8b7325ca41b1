# crmx: "make help" lists everything. Each mode builds below build/MODE with its own objects.
MODE ?= release
CC ?= gcc
BUILD := build/$(MODE)

CPPFLAGS := -I. -D_GNU_SOURCE
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
            -Wcast-qual -Wwrite-strings -Wno-unused-parameter -Wno-format-truncation
# Texts of messages are cut at their capacity on purpose (no-format-truncation). The sanitizers' extra code makes gcc see
# uninitialised variables that are none.
WARNINGS_asan := -Wno-maybe-uninitialized
WARNINGS_tsan := -Wno-maybe-uninitialized
CFLAGS_release := -O3 -g
CFLAGS_debug := -O0 -g
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread
CFLAGS_cov := -O0 -g --coverage
# No fast-math and no contraction: a score is the IEEE double of the written order on every machine.
CFLAGS := -std=gnu17 $(WARNINGS) $(WARNINGS_$(MODE)) $(CFLAGS_$(MODE)) -ffp-contract=off -fno-strict-aliasing -pthread -MMD -MP \
          -I/usr/include/postgresql
LDFLAGS := $(CFLAGS_$(MODE)) -pthread
LDLIBS := -lpq -lz -lcurl -liniparser -ljansson -lxxhash -lcrypto -lm

AREAS := base scoring etl control
SOURCES := $(filter-out control/main.c,$(wildcard $(addsuffix /*.c,$(AREAS)) control/commands/*.c))
SQL_FILES := $(sort $(wildcard sql/schema/*.sql sql/query/*.sql))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/etl/decode_kernel_avx2.o $(BUILD)/sql/embedded.o
TESTS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/base/test_*.c tests/scoring/test_*.c tests/etl/test_*.c tests/control/test_*.c))
GENERATORS := $(if $(wildcard samples/generate.c),$(BUILD)/samples/generate)
GENERATOR_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard samples/*.c)) $(BUILD)/base/date.o $(BUILD)/base/status.o

.PHONY: all help unit clean FORCE
all: $(BUILD)/crmx $(GENERATORS) ## build the program (MODE=release|debug|asan|tsan|cov)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

# The same kernel a second time for processors with AVX2; etl/decode.c chooses at run time.
$(BUILD)/%_kernel_avx2.o: %_kernel.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -mavx2 -mbmi2 -DDECODE_KERNEL=avx2 -c -o $@ $<

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

# The generator shares nothing with the engine but the calendar: it is what the engine is tested with.
$(BUILD)/samples/generate: $(GENERATOR_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lz

unit: $(TESTS) ## build and run the unit tests only
	@for t in $(TESTS); do $$t || exit 1; done

clean: ## remove everything that was built
	rm -rf build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

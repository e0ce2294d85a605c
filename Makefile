# SPDX-License-Identifier: GPL-3.0-or-later
# virtdeck. `make run` and `make test` do everything on a fresh Debian; `make help` lists the rest.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
BUILD    ?= build
CC       ?= cc
PKGS     := libvirt libvirt-qemu ncursesw readline json-c libxml-2.0 libpcre2-8 libpng libsixel
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
CFLAGS   ?= -O2 -g
# make WERROR=1: what CI does.  make SANITIZE=address,undefined BUILD=build/asan: a build under sanitizers.
ifdef WERROR
WARN     += -Werror
endif
ifdef SANITIZE
SAN      := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer
endif
pkg_cflags = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
pkg_libs   = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
DATADIR  := $(PREFIX)/share/virtdeck
ALL_CPPFLAGS = -D_GNU_SOURCE -DVIRTDECK_VERSION='"$(VERSION)"' -DVIRTDECK_DATADIR='"$(DATADIR)"' -Isrc -I. $(pkg_cflags) $(CPPFLAGS)
ALL_CFLAGS   = -std=c17 -pthread $(WARN) $(SAN) $(CFLAGS)
ALL_LDFLAGS  = -pthread $(SAN) $(LDFLAGS)
ALL_LIBS     = $(pkg_libs) -lm

SOURCES  := $(sort $(wildcard src/*.c src/*/*.c ui/*.c))
EMBEDDED := $(sort $(wildcard keymaps/*.json themes/*.json src/diagnose/*.json src/virt/demo/*.xml packaging/systemd/*/*.service))
OBJECTS  := $(patsubst %.c,$(BUILD)/%.o,$(SOURCES)) $(BUILD)/builtins.o
# Everything but main(): what the tests link.
LIBRARY  := $(BUILD)/libvirtdeck.a

all: $(BUILD)/virtdeck

$(BUILD)/virtdeck: $(BUILD)/src/main.o $(LIBRARY)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(LIBRARY): $(filter-out $(BUILD)/src/main.o,$(OBJECTS))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/builtins.c: src/base/embed.sh $(EMBEDDED)
	@mkdir -p $(@D)
	sh src/base/embed.sh $(EMBEDDED) >$@.tmp
	@mv $@.tmp $@

$(BUILD)/builtins.o: $(BUILD)/builtins.c
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# Asks apt for what is missing, after saying so; then builds; then opens the screen.
run: setup-run
	@$(MAKE) --no-print-directory all
	@$(BUILD)/virtdeck --local-or-demo

setup-run:
	@sh packaging/setup.sh run

clean:
	rm -rf build

include tests/tests.mk
include packaging/packaging.mk

-include $(OBJECTS:.o=.d)

.PHONY: all run setup-run clean

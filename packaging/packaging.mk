# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything that brings the program to a machine. Included by the Makefile.
#   make                builds build/virtdeck
#   make run            installs what is missing, builds, opens the screen
#   make docs           man pages and completions, in build/man and build/completions
#   make install        honours PREFIX (where it will live, /usr/local) and DESTDIR (put in front of that)
#   make uninstall      removes what install put there, with the same PREFIX and DESTDIR
#   make deb            build/virtdeck_VERSION_ARCH.deb
#   make help           this list

BINDIR  := $(PREFIX)/bin
MANDIR  := $(PREFIX)/share/man
DOCDIR  := $(PREFIX)/share/doc/virtdeck
BASHDIR := $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR := $(PREFIX)/share/fish/vendor_completions.d
# Where systemd looks for units of /usr and of /usr/local; elsewhere they lie as an example.
UNITDIR := $(PREFIX)/lib/systemd

MANPAGES    := $(patsubst man/%,$(BUILD)/man/%,$(sort $(wildcard man/*.[1-8])))
COMPLETIONS := $(addprefix $(BUILD)/completions/,virtdeck.bash _virtdeck virtdeck.fish)
KEYMAPS     := $(sort $(wildcard keymaps/*.json))
THEMES      := $(sort $(wildcard themes/*.json))
# "system/NAME" and "user/NAME"; nobody starts them until `virtdeck autostart enable`.
UNITS       := $(patsubst packaging/systemd/%,%,$(sort $(wildcard packaging/systemd/*/*.service)))

# Man pages: the parts that would only repeat the program's tables are printed by the program.
docs: $(MANPAGES) $(COMPLETIONS)

$(BUILD)/man/%: man/% packaging/fill-man.sh $(BUILD)/virtdeck
	@mkdir -p $(@D)
	sh packaging/fill-man.sh $(BUILD)/virtdeck $(VERSION) <$< >$@.tmp
	@mv $@.tmp $@

$(BUILD)/completions/virtdeck.bash: $(BUILD)/virtdeck
	@mkdir -p $(@D)
	$(BUILD)/virtdeck help --completion bash >$@.tmp && mv $@.tmp $@

$(BUILD)/completions/_virtdeck: $(BUILD)/virtdeck
	@mkdir -p $(@D)
	$(BUILD)/virtdeck help --completion zsh >$@.tmp && mv $@.tmp $@

$(BUILD)/completions/virtdeck.fish: $(BUILD)/virtdeck
	@mkdir -p $(@D)
	$(BUILD)/virtdeck help --completion fish >$@.tmp && mv $@.tmp $@

install: all docs
	install -D -m 755 $(BUILD)/virtdeck $(DESTDIR)$(BINDIR)/virtdeck
	for page in $(MANPAGES); do \
	    install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit; \
	done
	install -d $(DESTDIR)$(DATADIR)/keymaps $(DESTDIR)$(DATADIR)/themes
	install -m 644 $(KEYMAPS) $(DESTDIR)$(DATADIR)/keymaps
	install -m 644 $(THEMES) $(DESTDIR)$(DATADIR)/themes
	for unit in $(UNITS); do \
	    sed -e 's|@PROGRAM@|$(BINDIR)/virtdeck|g' -e "s|@URI@|qemu:///$$(echo $${unit%%/*} | sed s/user/session/)|g" \
	        packaging/systemd/$$unit >$(BUILD)/unit.tmp && \
	        install -D -m 644 $(BUILD)/unit.tmp $(DESTDIR)$(UNITDIR)/$$unit || exit; \
	done
	rm -f $(BUILD)/unit.tmp
	install -D -m 644 README.md $(DESTDIR)$(DOCDIR)/README.md
	install -D -m 644 packaging/autostart.json $(DESTDIR)$(DOCDIR)/examples/autostart.json
	install -D -m 644 $(BUILD)/completions/virtdeck.bash $(DESTDIR)$(BASHDIR)/virtdeck
	install -D -m 644 $(BUILD)/completions/_virtdeck $(DESTDIR)$(ZSHDIR)/_virtdeck
	install -D -m 644 $(BUILD)/completions/virtdeck.fish $(DESTDIR)$(FISHDIR)/virtdeck.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/virtdeck
	for page in $(MANPAGES); do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done
	for unit in $(UNITS); do rm -f $(DESTDIR)$(UNITDIR)/$$unit; done
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
	rm -f $(DESTDIR)$(BASHDIR)/virtdeck $(DESTDIR)$(ZSHDIR)/_virtdeck $(DESTDIR)$(FISHDIR)/virtdeck.fish

deb:
	@sh packaging/setup.sh deb
	sh packaging/debian/build.sh $(BUILD) $(VERSION)

help:
	@sed -n 's/^#   make/make/p' Makefile packaging/packaging.mk tests/tests.mk

.PHONY: docs install uninstall deb help

# SPDX-License-Identifier: GPL-2.0
#
# vhm: what can be made here; `make help` lists it. The module itself is described by Kbuild and builds with plain
# kbuild too: make -C /lib/modules/$(uname -r)/build M=$PWD

MACHINE := selftests/machine
BUILD   := $(CURDIR)/build
DEVICE  ?= /dev/vhm
PREFIX  ?= /usr/local
UDEVDIR ?= /lib/udev/rules.d

# The headers of the running kernel where they are installed, else the newest that Debian has installed.
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build) \
	$(shell ls -d /usr/src/linux-headers-*-amd64 2>/dev/null | sort -rV))

.PHONY: all modules userspace
all: modules userspace

modules:
	@[ -e '$(KDIR)/Makefile' ] || { echo 'make: no kernel headers found (KDIR="$(KDIR)"): install' \
		'linux-headers-amd64, or give a kernel'"'"'s build tree as KDIR=' >&2; exit 1; }
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' modules

userspace:
	$(MAKE) -C userspace O='$(BUILD)/userspace'

.PHONY: demo shell check bench docs
demo:
	@$(MACHINE)/demo $(if $(NATIVE),--native) --device $(DEVICE)

shell:
	@$(MACHINE)/demo --shell $(if $(NATIVE),--native) --device $(DEVICE)

check:
	@$(MACHINE)/check $(if $(SLOW),--slow)

bench:
	@selftests/bench/race
	@selftests/bench/race --flushes

docs:
	@$(MACHINE)/packages docs
	sphinx-build -q -W --keep-going -b html Documentation '$(BUILD)/docs'
	@echo 'The manual is $(BUILD)/docs/index.html'

.PHONY: install
install: all
	$(MAKE) -C '$(KDIR)' M='$(CURDIR)' INSTALL_MOD_PATH='$(DESTDIR)' modules_install
	$(MAKE) -C userspace install O='$(BUILD)/userspace' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'
	install -D -m 644 uapi/linux/vhm.h '$(DESTDIR)$(PREFIX)/include/linux/vhm.h'
	install -D -m 644 udev/60-vhm.rules '$(DESTDIR)$(UDEVDIR)/60-vhm.rules'

# The sources for DKMS, which builds the module for each kernel: dkms add, build, install vhm/VERSION.
DKMS_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SOURCE  := $(DESTDIR)/usr/src/vhm-$(DKMS_VERSION)

.PHONY: install-dkms
install-dkms:
	install -D -m 644 -t '$(DKMS_SOURCE)' dkms.conf Kbuild LICENSE
	find module uapi -name '*.[chS]' ! -name '*.mod.c' -exec install -D -m 644 '{}' '$(DKMS_SOURCE)/{}' ';'

.PHONY: clean
clean:
	rm -rf '$(BUILD)'
	[ ! -e '$(KDIR)/Makefile' ] || $(MAKE) -C '$(KDIR)' M='$(CURDIR)' clean

.PHONY: help
help:
	@echo 'make            the module (vhm.ko) for KDIR and user space (build/userspace)'
	@echo 'make demo       boots Debian as a guest of vhm, in an emulated machine; needs nothing but Debian'
	@echo 'make shell      the same, and gives you the shell of the guest'
	@echo '                  DEVICE=/dev/kvm  on KVM instead of vhm, to compare'
	@echo '                  NATIVE=1         on this computer'"'"'s own VT-x: loads the module here'
	@echo 'make check      all tests, from fast to slow'
	@echo '                  SLOW=1           also those that take minutes each'
	@echo 'make bench      the same round trips on vhm and on KVM, side by side'
	@echo 'make docs       the manual (build/docs/index.html)'
	@echo 'make install    module, launcher, header, udev rule, man page; DESTDIR=, PREFIX=$(PREFIX)'
	@echo 'make install-dkms  the module'"'"'s sources for DKMS: then dkms install vhm/$(DKMS_VERSION)'
	@echo 'make clean      removes what was built here; built kernels stay in the cache (~/.cache/vhm)'
	@echo
	@echo 'KDIR=DIR        kernel build tree for the module (now: $(KDIR))'

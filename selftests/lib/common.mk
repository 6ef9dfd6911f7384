# SPDX-License-Identifier: GPL-2.0
# What the Makefiles of all suites share. KSFT is tools/testing/selftests of an
# unpacked kernel source (Debian: linux-source-6.1); nothing of it is copied.
#
#	make -C selftests/guest KSFT=/path/to/linux/tools/testing/selftests

ifeq ($(wildcard $(KSFT)/lib.mk),)
$(error KSFT=$(KSFT) has no lib.mk: unpack linux-source-6.1 and give the path of its tools/testing/selftests as KSFT=...)
endif

LIB := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
LIB_SRCS := $(addprefix $(LIB)/,vm.c modes.c guest.c vectors.S)

# Guests run in a copy of the program at the address where it is linked; they
# take exceptions on the stack they use, and leave SSE to the tests of SSE.
CFLAGS += -O2 -g -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -fno-pie -fcf-protection=none
CFLAGS += -fno-stack-protector -mno-red-zone -mgeneral-regs-only
CFLAGS += -I$(LIB) -I$(LIB)/../../uapi -isystem $(KSFT)
CFLAGS += $(KHDR_INCLUDES)
ifneq ($(LLVM),)
# What clang says about kselftest's own macros and KVM's own structures.
CFLAGS += -Wno-gnu-variable-sized-type-not-at-end -Wno-unused-parameter
CFLAGS += -Wno-unused-command-line-argument
endif
LDFLAGS += -static -no-pie -pthread

LOCAL_HDRS += $(LIB)/vm.h $(LIB)/guest.h $(LIB)/fixture.h

include $(KSFT)/lib.mk

$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): $(LIB_SRCS)

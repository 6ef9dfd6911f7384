/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The doctor: can vhm work on this machine? A check is a function that looks at files below a
 * root directory and at plain facts, and reports one finding; so tests drive it with made-up
 * trees.
 */
#ifndef VHM_DOCTOR_H
#define VHM_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../libvhm/compiler.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_WARNING,		/* vhm works, or would: but mind this */
	DOCTOR_PROBLEM,		/* vhm cannot work until this is changed */
};

/**
 * struct doctor_node - the device node as stat() and open() see it
 * @exists: it is there
 * @is_device: it is a character device
 * @mode: its permissions
 * @gid: its group
 * @open_error: 0, or the errno of opening it for reading and writing
 */
struct doctor_node {
	bool exists;
	bool is_device;
	mode_t mode;
	gid_t gid;
	int open_error;
};

#define DOCTOR_MOST_FINDINGS	24

/**
 * struct doctor_finding - one line of the report
 * @level: how bad
 * @about: what it is about
 * @text: what was found and what to do, without a full stop
 */
struct doctor_finding {
	enum doctor_level level;
	const char *about;
	char text[480];
};

/**
 * struct doctor - what is examined, and what was found
 * @root: stands before every path: "" for this machine
 * @cpuid_vmx: CPUID says that the CPU has VMX, whatever firmware and kernel made of it
 * @kvm_group: the number of the group kvm, or (gid_t)-1 when there is none
 * @node: /dev/vhm
 * @count: findings so far
 * @finding: they
 */
struct doctor {
	const char *root;
	bool cpuid_vmx;
	gid_t kvm_group;
	struct doctor_node node;
	unsigned int count;
	struct doctor_finding finding[DOCTOR_MOST_FINDINGS];
};

/* report.c */
__printf(4, 5)
void doctor_found(struct doctor *doctor, enum doctor_level level, const char *about,
		  const char *format, ...);
unsigned int doctor_problems(const struct doctor *doctor);
void doctor_print(const struct doctor *doctor, FILE *out);

/* files.c */
ssize_t doctor_read(const struct doctor *doctor, const char *path, char *buffer, size_t size);
bool doctor_exists(const struct doctor *doctor, const char *path);
bool doctor_value(const struct doctor *doctor, const char *path, const char *name, char *value,
		  size_t size);
bool doctor_has_word(const char *text, const char *word);
bool doctor_module_loaded(const struct doctor *doctor, const char *name);
bool doctor_release(const struct doctor *doctor, char *release, size_t size);

/* cpu.c */
void doctor_check_cpu(struct doctor *doctor);
void doctor_check_firmware(struct doctor *doctor);
void doctor_check_vmx_features(struct doctor *doctor);
void doctor_check_fred(struct doctor *doctor);
void doctor_check_virtual_machine(struct doctor *doctor);

/* kernel.c */
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_secure_boot(struct doctor *doctor);
void doctor_check_kvm(struct doctor *doctor);

/* device.c */
void doctor_check_module(struct doctor *doctor);
void doctor_check_node(struct doctor *doctor);

/* memory.c */
void doctor_check_memory(struct doctor *doctor);
void doctor_check_address_space(struct doctor *doctor);
void doctor_check_cgroup(struct doctor *doctor);

/* doctor.c */
void doctor_examine(struct doctor *doctor);

#endif /* VHM_DOCTOR_H */

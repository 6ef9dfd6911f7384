/* SPDX-License-Identifier: GPL-2.0 */
/* Modules come and go by the kernel's own calls: each answers 0 or the errno. */
#ifndef SELFTESTS_LIFE_MODULES_H
#define SELFTESTS_LIFE_MODULES_H

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int module_load(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return errno;
	ret = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;
	close(fd);
	return ret;
}

static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

#endif

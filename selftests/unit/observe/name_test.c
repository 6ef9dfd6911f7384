// SPDX-License-Identifier: GPL-2.0
/* Names of machines, and the directories in which their sockets may be. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "libvhm/libvhm.h"
#include "name.h"

static char root[32];
static char path[PATH_MAX];

static const char *below(const char *rest)
{
	snprintf(path, sizeof(path), "%s%s", root, rest);
	return path;
}

static void test_names(void)
{
	static const char *const good[] = {
		"a", "vm-1234", "A.b_c-9", "-x", "_", "a..",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	static const char *const bad[] = {
		"", ".", "..", ".a", "a/b", "/", "a b", "a\n", "\xc3\xa4", "a*", "a:b",
		"01234567890123456789012345678901234567890123456789012345678901234",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		tap_ok(name_is_valid(good[i]), "name: \"%s\" is one", good[i]);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		tap_ok(!name_is_valid(bad[i]), "name: bad one %u is none", i);
}

static bool has_places(const struct name_places *places, const char *first, unsigned int count)
{
	return places->count == count && !strcmp(places->path[0], below(first)) &&
	       !strcmp(places->path[count - 2], below("/run/vhm-7")) &&
	       !strcmp(places->path[count - 1], below("/tmp/vhm-7"));
}

static void test_places(void)
{
	struct name_places places;

	name_find_places(&places, root, NULL, 7);
	tap_ok(has_places(&places, "/run/vhm-7", 2), "places: without XDG_RUNTIME_DIR");
	name_find_places(&places, root, "/run/user", 7);
	tap_ok(has_places(&places, "/run/vhm-7", 2), "places: XDG_RUNTIME_DIR is not there");
	name_find_places(&places, root, "run", 7);
	tap_ok(has_places(&places, "/run/vhm-7", 2), "places: XDG_RUNTIME_DIR is not absolute");
	mkdir(below("/run"), 0700);
	name_find_places(&places, root, "/run", geteuid() + 1);
	tap_ok(places.count == 2, "places: XDG_RUNTIME_DIR is somebody else's");
	name_find_places(&places, root, "/run", geteuid());
	tap_ok(places.count == 3 && !strcmp(places.path[0], below("/run/vhm")),
	       "places: XDG_RUNTIME_DIR comes first");
}

static int try_place(const char *rest, bool make)
{
	int fd = name_open_place(below(rest), geteuid(), make);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static void test_open(void)
{
	struct stat status;

	tap_ok(try_place("/none", false) == -ENOENT, "place: one that is not there is not made");
	umask(0);
	tap_ok(!try_place("/own", true) && !stat(below("/own"), &status) &&
	       (status.st_mode & 07777) == 0700, "place: it is made for its user alone");
	tap_ok(!try_place("/own", true) && !try_place("/own", false), "place: one that is there");
	tap_ok(try_place("/no/parent", true) == -ENOENT, "place: one that cannot be made");

	chmod(below("/own"), 0701);
	tap_ok(try_place("/own", false) == -EPERM && strstr(vhm_error(), "mode 701"),
	       "place: others may enter: refused");
	chmod(below("/own"), 0720);
	tap_ok(try_place("/own", true) == -EPERM, "place: others may write: refused");
	chmod(below("/own"), 0700);
	tap_ok(name_open_place(below("/own"), geteuid() + 1, true) == -EPERM &&
	       strstr(vhm_error(), "belongs to user"), "place: somebody else's: refused");

	if (symlink("own", below("/link")))
		abort();
	tap_ok(try_place("/link", true) < 0 && try_place("/link", false) != -ENOENT,
	       "place: a symbolic link: refused");
	close(open(below("/file"), O_CREAT | O_WRONLY, 0600));
	tap_ok(try_place("/file", true) == -ENOTDIR, "place: a file: refused");
}

static void test_make(void)
{
	struct name_places places = { .uid = geteuid(), .count = 2 };
	unsigned int which;
	int fd;

	strcpy(places.path[0], below("/no/parent"));
	strcpy(places.path[1], below("/second"));
	fd = name_make_place(&places, &which);
	tap_ok(fd >= 0 && which == 1, "places: the first that can be made");
	close(fd);

	strcpy(places.path[1], below("/no/parent"));
	tap_ok(name_make_place(&places, &which) == -ENOENT, "places: none can be made");

	strcpy(places.path[0], below("/file"));
	strcpy(places.path[1], below("/second"));
	tap_ok(name_make_place(&places, &which) == -ENOTDIR,
	       "places: a suspicious one is not passed over");
}

static void test_address(void)
{
	struct sockaddr_un address;
	char name[200];

	memset(name, 'x', sizeof(name));
	name[NAME_MOST] = '\0';
	tap_ok(!name_address(&address, 12345, name) &&
	       !strncmp(address.sun_path, "/proc/self/fd/12345/xxx", 23),
	       "address: the longest name fits");
	name[NAME_MOST] = 'x';
	name[sizeof(name) - 1] = '\0';
	tap_ok(name_address(&address, 1, name) == -ENAMETOOLONG, "address: it does not overflow");
}

static int remove_one(const char *one, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(one);
}

int main(void)
{
	tap_begin();
	strcpy(root, "/tmp/vhm-name.XXXXXX");
	if (!mkdtemp(root))
		return 1;
	test_names();
	test_places();
	test_open();
	test_make();
	test_address();
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return tap_end();
}

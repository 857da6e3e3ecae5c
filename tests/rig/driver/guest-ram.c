#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "guest-ram.h"

static bool is_ram(const char *path)
{
	static const char name[] = "/memfd:memory-backend-memfd";
	char target[256] = "";

	return readlink(path, target, sizeof target - 1) > 0 && !strncmp(target, name, sizeof name - 1);
}

static int open_ram(pid_t qemu)
{
	char path[300];
	struct dirent *entry;
	int fd = -1;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%d/fd", qemu);
	directory = opendir(path);
	if (!directory)
		fail("%s", path);
	while (fd < 0 && (entry = readdir(directory))) {
		snprintf(path, sizeof path, "/proc/%d/fd/%s", qemu, entry->d_name);
		if (is_ram(path) && (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
			fail("%s", path);
	}
	closedir(directory);
	errno = 0;
	if (fd < 0)
		fail("process %d has no memory-backend-memfd", qemu);
	return fd;
}

struct guest_ram map_guest_ram(pid_t qemu)
{
	int fd = open_ram(qemu);
	struct guest_ram ram;
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		fail("the guest's RAM");
	ram.size = stat.st_size;
	ram.bytes = mmap(NULL, ram.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ram.bytes == MAP_FAILED)
		fail("mapping the guest's RAM");
	close(fd);
	return ram;
}

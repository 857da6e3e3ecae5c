// Drives an mbochs vGPU as its guest would: sets modes, draws and flips by the device's registers.
// usage: mbochs-driver (--uuid UUID | --pid PID | --fd N) [--then-exec FD] STEP… [-- COMMAND…]
// The steps and the bar code that numbers the frames are described in ../README.md.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fail.h"
#include "painter.h"
#include "steps.h"
#include "timing.h"
#include "vbe.h"

static struct {
	int fd;
	uint64_t registers; // offset of the BAR in the device fd
	uint32_t *vram;
	uint64_t vram_size;
} device;

// Two buffers one above the other in the same VRAM; a flip moves Y_OFFSET.
static struct {
	unsigned width, height;
	unsigned y[2];
	int front;
} screen;

static pid_t command_pid;

static void usage(void)
{
	errno = 0;
	fail("usage: mbochs-driver (--uuid UUID | --pid PID | --fd N) [--then-exec FD] STEP… [-- COMMAND…]");
}

// ---- finding the device ------------------------------------------------------

// As a VMM does it. Container and group stay open until we exit.
static int open_by_uuid(const char *uuid)
{
	char path[256], group[256];
	ssize_t length;
	int container, group_fd, fd;

	snprintf(path, sizeof path, "/sys/bus/mdev/devices/%s/iommu_group", uuid);
	length = readlink(path, group, sizeof group - 1);
	if (length < 0)
		fail("%s", path);
	group[length] = 0;
	snprintf(path, sizeof path, "/dev/vfio/%s", basename(group));

	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container < 0)
		fail("/dev/vfio/vfio");
	group_fd = open(path, O_RDWR | O_CLOEXEC);
	if (group_fd < 0)
		fail("%s", path);
	if (ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container) < 0)
		fail("VFIO_GROUP_SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0)
		fail("VFIO_SET_IOMMU");
	fd = ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, uuid);
	if (fd < 0)
		fail("VFIO_GROUP_GET_DEVICE_FD");
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static bool is_vfio_device(pid_t pid, const char *number)
{
	char path[64], target[256];
	ssize_t length;

	snprintf(path, sizeof path, "/proc/%d/fd/%.16s", pid, number);
	length = readlink(path, target, sizeof target - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	return !strcmp(target, "anon_inode:[vfio-device]") || !strncmp(target, "/dev/vfio/devices/", 18);
}

static int find_remote_fd(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int found = -1;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	directory = opendir(path);
	if (!directory)
		fail("%s", path);
	while (found < 0 && (entry = readdir(directory)))
		if (is_vfio_device(pid, entry->d_name))
			found = atoi(entry->d_name);
	closedir(directory);
	return found;
}

static int borrow_from(pid_t pid)
{
	int64_t deadline = now() + 10 * NS_PER_S;
	int pidfd, remote, fd;

	pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		fail("pidfd_open(%d)", pid);
	while ((remote = find_remote_fd(pid)) < 0) {
		if (now() > deadline || !sleep_until(now() + 20 * NS_PER_MS)) {
			errno = 0;
			fail("process %d has no VFIO device", pid);
		}
	}
	fd = syscall(SYS_pidfd_getfd, pidfd, remote, 0);
	if (fd < 0)
		fail("pidfd_getfd(%d)", remote);
	close(pidfd);
	return fd;
}

// ---- registers and memory ----------------------------------------------------

static struct vfio_region_info region(unsigned index)
{
	struct vfio_region_info info = { .argsz = sizeof info, .index = index };

	if (ioctl(device.fd, VFIO_DEVICE_GET_REGION_INFO, &info) < 0)
		fail("VFIO_DEVICE_GET_REGION_INFO");
	return info;
}

static void vbe_write(enum vbe_register index, unsigned value)
{
	uint16_t word = value;

	if (pwrite(device.fd, &word, sizeof word, device.registers + VBE_BASE + 2 * index) != sizeof word)
		fail("VBE register %d", index);
}

static unsigned vbe_read(enum vbe_register index)
{
	uint16_t word = 0;

	if (pread(device.fd, &word, sizeof word, device.registers + VBE_BASE + 2 * index) != sizeof word)
		fail("VBE register %d", index);
	return word;
}

// The VRAM is mapped, because mbochs' read and write access the wrong address.
static void use_device(int fd)
{
	struct vfio_region_info vram;

	device.fd = fd;
	device.registers = region(BAR_REGISTERS).offset;
	errno = 0;
	if ((vbe_read(VBE_ID) & 0xfff0) != VBE_ID_ANY)
		fail("not an mbochs device");
	vram = region(BAR_VRAM);
	device.vram_size = vram.size;
	device.vram = mmap(NULL, vram.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, vram.offset);
	if (device.vram == MAP_FAILED)
		fail("mapping the VRAM");
}

// ---- the screen --------------------------------------------------------------

static struct picture picture(int half)
{
	struct picture picture = { device.vram + (size_t)screen.y[half] * screen.width, screen.width, screen.height };

	return picture;
}

static void draw_both(void (*draw)(struct picture picture, unsigned half), uint32_t number)
{
	for (int half = 0; half < 2; half++) {
		draw(picture(half), half);
		draw_bar_code(picture(half), number);
	}
}

static void set_mode(unsigned width, unsigned height, uint32_t number)
{
	unsigned second = vbe_second_line(width, height);

	errno = 0;
	if ((uint64_t)width * 4 * (second + height) > device.vram_size)
		fail("mode=%ux%u: does not fit twice into the VRAM", width, height);
	vbe_write(VBE_ENABLE, VBE_DISABLED);
	screen.width = width;
	screen.height = height;
	screen.y[1] = second;
	screen.front = 0;
	draw_both(draw_checker, number);
	vbe_set_mode(vbe_write, width, height, second + height, 32);
}

// The EDID block is before the registers, and reads as zeroes while the link is down. Offset 54: its first detailed timing.
static bool read_monitor(unsigned *width, unsigned *height)
{
	uint8_t edid[128];

	if (pread(device.fd, edid, sizeof edid, device.registers) != sizeof edid)
		fail("EDID");
	*width = edid[56] | (edid[58] & 0xf0) << 4;
	*height = edid[59] | (edid[61] & 0xf0) << 4;
	return *width;
}

static void flip(uint32_t number)
{
	screen.front = !screen.front;
	draw_bar_code(picture(screen.front), number);
	vbe_write(VBE_Y_OFFSET, screen.y[screen.front]);
}

static void update(uint32_t number) { draw_bar_code(picture(screen.front), number); }
static void paint(uint32_t number) { draw_both(draw_test_card, number); }
static void off(void) { vbe_write(VBE_ENABLE, VBE_DISABLED); }
static void on(void) { vbe_write(VBE_ENABLE, VBE_ENABLED_LINEAR); }

static const struct guest guest = {
	.set_mode = set_mode,
	.read_monitor = read_monitor,
	.flip = flip,
	.update = update,
	.paint = paint,
	.off = off,
	.on = on,
};

// ---- the command -------------------------------------------------------------

// The child must not outlive us if we fail.
static void end_command(void)
{
	if (command_pid > 0)
		kill(command_pid, SIGTERM);
}

static void start_command(char **command, int as_fd)
{
	sigset_t set = ending_signals();

	atexit(end_command);
	command_pid = fork();
	if (command_pid < 0)
		fail("fork");
	if (command_pid)
		return;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (as_fd == device.fd)
		fcntl(as_fd, F_SETFD, 0);
	else if (as_fd >= 0 && dup2(device.fd, as_fd) < 0)
		fail("dup2");
	execvp(command[0], command);
	fail("%s", command[0]);
}

static int finish_command(void)
{
	int status;

	for (;;) {
		if (terminated)
			kill(command_pid, SIGTERM);
		if (waitpid(command_pid, &status, WNOHANG) == command_pid) {
			command_pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		take_signal(INT64_MAX);
	}
}

// ---- main --------------------------------------------------------------------

int main(int argc, char **argv)
{
	sigset_t set = ending_signals();
	char **command = NULL;
	int as_fd = -1, first_step = 0, last_step, status = 0;
	const char *uuid = NULL;
	pid_t pid = 0;
	int fd = -1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);

	for (last_step = 1; last_step < argc && !command; last_step++) {
		const char *word = argv[last_step];
		bool has_value = last_step + 1 < argc;

		if (!strcmp(word, "--")) {
			if (!has_value)
				usage();
			command = argv + last_step + 1;
			break;
		}
		if (strncmp(word, "--", 2)) {
			if (!first_step)
				first_step = last_step;
			continue;
		}
		if (first_step || !has_value)
			usage();
		if (!strcmp(word, "--uuid"))
			uuid = argv[++last_step];
		else if (!strcmp(word, "--pid"))
			pid = atoi(argv[++last_step]);
		else if (!strcmp(word, "--fd"))
			fd = atoi(argv[++last_step]);
		else if (!strcmp(word, "--then-exec"))
			as_fd = atoi(argv[++last_step]);
		else
			usage();
	}
	if (!first_step || !uuid + !pid + (fd < 0) != 2)
		usage();

	use_device(uuid ? open_by_uuid(uuid) : pid ? borrow_from(pid) : fd);
	if (command)
		start_command(command, as_fd);
	run_steps(&guest, argv + first_step, last_step - first_step);
	if (command)
		status = finish_command();
	print_last_frame();
	return status;
}

// Plays the guest of an mbochs vGPU: sets modes, draws and flips by the device's registers.
// usage: mbochs-driver (--uuid UUID | --pid PID | --fd N) [--then-exec FD] STEP… [-- COMMAND…]
// The steps and the bar code that numbers the frames are described in ../README.md.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/vfio.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

enum { BAR_VRAM = 0, BAR_REGISTERS = 2 };

// The VBE "dispi" registers: 16 bits each, and only 16-bit accesses count.
enum { VBE_BASE = 0x500 };
enum vbe_register {
	VBE_ID,
	VBE_XRES,
	VBE_YRES,
	VBE_BPP,
	VBE_ENABLE,
	VBE_BANK,
	VBE_VIRT_WIDTH,
	VBE_VIRT_HEIGHT,
	VBE_X_OFFSET,
	VBE_Y_OFFSET,
};
enum { VBE_ID_ANY = 0xb0c0, VBE_DISABLED = 0, VBE_ENABLED_LINEAR = 0x41 };

static const uint32_t WHITE = 0xffffffff, BLACK = 0xff000000;

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

static uint32_t frame;
static unsigned flips;
static pid_t command_pid;
static bool terminated;

// Takes the command along: nobody would wait for it.
static void fail(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	fputs("mbochs-driver: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
	if (command_pid > 0)
		kill(command_pid, SIGTERM);
	exit(1);
}

static void usage(void)
{
	errno = 0;
	fail("usage: mbochs-driver (--uuid UUID | --pid PID | --fd N) [--then-exec FD] STEP… [-- COMMAND…]");
}

// ---- time and signals --------------------------------------------------------

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

// SIGTERM, SIGINT and SIGCHLD stay blocked and are only taken where we sleep:
// no step is ever half done.
static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	return set;
}

static bool take_signal(int64_t deadline)
{
	sigset_t set = ending_signals();
	int64_t left = deadline - now();
	struct timespec t = { 0, 0 };
	int signal;

	if (left > 0) {
		t.tv_sec = left / NS_PER_S;
		t.tv_nsec = left % NS_PER_S;
	}
	signal = deadline == INT64_MAX ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &t);
	if (signal == SIGTERM || signal == SIGINT)
		terminated = true;
	return signal > 0;
}

// False if the steps are to end: we were told to, or the command has ended.
static bool sleep_until(int64_t deadline)
{
	do {
		if (take_signal(deadline))
			return false;
	} while (now() < deadline);
	return true;
}

// ---- finding the device ------------------------------------------------------

// As a VMM does it. Container and group stay open for as long as we live.
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

// The VRAM is mapped: mbochs' read and write of it go to the wrong address.
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

// ---- drawing -----------------------------------------------------------------

static uint32_t *pixel(int half, unsigned x, unsigned y)
{
	return device.vram + (size_t)(screen.y[half] + y) * screen.width + x;
}

static void fill(int half, unsigned x, unsigned y, unsigned width, unsigned height, uint32_t colour)
{
	for (unsigned row = y; row < y + height; row++) {
		uint32_t *p = pixel(half, x, row);

		for (unsigned i = 0; i < width; i++)
			p[i] = colour;
	}
}

static void draw_border(int half)
{
	const unsigned thick = 8, w = screen.width, h = screen.height;

	fill(half, 0, 0, w, thick, WHITE);
	fill(half, 0, h - thick, w, thick, WHITE);
	fill(half, 0, 0, thick, h, WHITE);
	fill(half, w - thick, 0, thick, h, WHITE);
}

// Guard white, black; 32 bits of the frame number; parity; guard black, white.
static void draw_bar_code(int half, uint32_t number)
{
	enum { LEFT = 16, TOP = 16, CELL_WIDTH = 8, CELL_HEIGHT = 16, CELLS = 37, MIN_WIDTH = 328 };
	bool white[CELLS] = { [0] = true, [CELLS - 1] = true };

	if (screen.width < MIN_WIDTH)
		return;
	for (int bit = 0; bit < 32; bit++)
		white[2 + bit] = number >> (31 - bit) & 1;
	white[34] = __builtin_parity(number);
	for (int cell = 0; cell < CELLS; cell++)
		fill(half, LEFT + cell * CELL_WIDTH, TOP, CELL_WIDTH, CELL_HEIGHT, white[cell] ? WHITE : BLACK);
}

// Unlike on both halves, and unlike at every place: a wrong buffer or offset shows.
static void draw_checker(int half)
{
	static const uint32_t colour[2] = { 0xc02040, 0x20c040 };
	const unsigned square = 64;

	for (unsigned y = 0; y < screen.height; y++) {
		uint32_t *p = pixel(half, 0, y);

		for (unsigned x = 0; x < screen.width; x++) {
			bool dark = (x / square ^ y / square) & 1;

			p[x] = BLACK | (dark ? colour[half] >> 1 & 0x7f7f7f : colour[half]);
		}
	}
	draw_border(half);
}

// Colour bars above ramps of red, green, blue and grey; the second half upside down.
static void draw_test_card(int half)
{
	static const uint32_t bars[8] = {
		0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000,
	};
	static const uint32_t ramps[4] = { 0x010000, 0x000100, 0x000001, 0x010101 };
	const unsigned w = screen.width, h = screen.height;

	for (unsigned y = 0; y < h; y++) {
		unsigned row = half ? h - 1 - y : y;
		uint32_t *p = pixel(half, 0, y);

		for (unsigned x = 0; x < w; x++) {
			if (row < h / 2)
				p[x] = BLACK | bars[x * 8 / w];
			else
				p[x] = BLACK | ramps[(row - h / 2) * 4 / (h - h / 2)] * (x * 256 / w);
		}
	}
	draw_border(half);
}

static void draw_both(void (*draw)(int half))
{
	for (int half = 0; half < 2; half++) {
		draw(half);
		draw_bar_code(half, frame);
	}
}

// ---- steps -------------------------------------------------------------------

static void print_step(const char *step)
{
	printf("t=%lld step=%s frame=%u\n", (long long)now(), step, frame);
}

// mbochs exports only what starts on a page: the second half may have to start
// a few lines below the end of the first.
static unsigned second_half_line(unsigned stride, unsigned height)
{
	while ((uint64_t)stride * height % 4096)
		height++;
	return height;
}

static bool step_mode(const char *value)
{
	unsigned width, height, second;

	errno = 0;
	if (sscanf(value, "%ux%u", &width, &height) != 2 || width < 64 || height < 64)
		fail("mode=%s: not WIDTHxHEIGHT, from 64x64", value);
	second = second_half_line(width * 4, height);
	if ((uint64_t)width * 4 * (second + height) > device.vram_size)
		fail("mode=%s: does not fit twice into the VRAM", value);

	vbe_write(VBE_ENABLE, VBE_DISABLED);
	screen.width = width;
	screen.height = height;
	screen.y[1] = second;
	screen.front = 0;
	draw_both(draw_checker);
	vbe_write(VBE_XRES, width);
	vbe_write(VBE_YRES, height);
	vbe_write(VBE_BPP, 32);
	vbe_write(VBE_VIRT_WIDTH, width);
	vbe_write(VBE_VIRT_HEIGHT, second + height);
	vbe_write(VBE_X_OFFSET, 0);
	vbe_write(VBE_Y_OFFSET, 0);
	vbe_write(VBE_ENABLE, VBE_ENABLED_LINEAR);
	return true;
}

// Drawn right before the flip and not right after the last one, so that a host
// that is still reading the back half sees it whole.
static bool step_flip(const char *value)
{
	double rate;
	unsigned count;
	int64_t start = now();

	errno = 0;
	if (sscanf(value, "%lf,%u", &rate, &count) != 2 || rate <= 0)
		fail("flip=%s: not RATE,COUNT", value);
	for (unsigned i = 1; i <= count; i++) {
		if (!sleep_until(start + (int64_t)(i * (NS_PER_S / rate))))
			return false;
		screen.front = !screen.front;
		draw_bar_code(screen.front, ++frame);
		vbe_write(VBE_Y_OFFSET, screen.y[screen.front]);
		flips++;
	}
	return true;
}

static bool step_wait(const char *value)
{
	return sleep_until(now() + atoll(value) * NS_PER_MS);
}

static bool run_step(const char *step)
{
	const char *value = strchr(step, '=');
	size_t length = value ? (size_t)(value++ - step) : strlen(step);
	bool on = true;

#define IS(name) (length == strlen(name) && !strncmp(step, name, length))
	errno = 0;
	if (value && IS("mode"))
		on = step_mode(value);
	else if (value && IS("wait"))
		on = step_wait(value);
	else if (!value && IS("hold"))
		on = sleep_until(INT64_MAX);
	else if (!value && IS("off"))
		vbe_write(VBE_ENABLE, VBE_DISABLED);
	else if (!screen.width)
		fail("%s: no such step, or no mode= before it", step);
	else if (value && IS("flip"))
		on = step_flip(value);
	else if (!value && IS("paint"))
		draw_both(draw_test_card);
	else if (!value && IS("on"))
		vbe_write(VBE_ENABLE, VBE_ENABLED_LINEAR);
	else
		fail("%s: no such step", step);
#undef IS
	print_step(step);
	return on;
}

// ---- the command -------------------------------------------------------------

static void start_command(char **command, int as_fd)
{
	sigset_t set = ending_signals();

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
		if (waitpid(command_pid, &status, WNOHANG) == command_pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
	for (int i = first_step; i < last_step; i++)
		if (!run_step(argv[i]))
			break;
	if (command)
		status = finish_command();
	printf("last-frame=%u flips=%u\n", frame, flips);
	return status;
}

// Imitates a user: a keyboard, a tablet, a mouse and perhaps a touch screen by /dev/uinput, which exist as long as this process.
// usage: uinput WIDTHxHEIGHT[+touch] [STEP…]
// Without steps, they are read from standard input, one per line. ../README.md describes them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/uinput.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fail.h"
#include "timing.h"

// At the speed of a user: compositors add up events that arrive together.
#define TAP_NS (30 * NS_PER_MS)

static const struct {
	const char *name;
	uint16_t code;
} codes[] = {
#include "input-codes.h" // of linux/input-event-codes.h, by build
};

static int keyboard, tablet, mouse, touch_screen = -1;

// ---- devices -----------------------------------------------------------------

static int open_device(void)
{
	int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		fail("/dev/uinput");
	return fd;
}

static void have(int fd, unsigned long kind, int code)
{
	static const struct {
		unsigned long kind;
		int type;
	} types[] = { { UI_SET_KEYBIT, EV_KEY }, { UI_SET_RELBIT, EV_REL }, { UI_SET_ABSBIT, EV_ABS } };

	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		if (types[i].kind == kind && ioctl(fd, UI_SET_EVBIT, types[i].type) < 0)
			fail("UI_SET_EVBIT");
	if (ioctl(fd, kind, code) < 0)
		fail("code %d of a device", code);
}

static void create(int fd, const char *name)
{
	struct uinput_setup setup = { .id = { .bustype = BUS_VIRTUAL, .vendor = 1, .product = 1 } };

	strcpy(setup.name, name);
	if (ioctl(fd, UI_DEV_SETUP, &setup) < 0 || ioctl(fd, UI_DEV_CREATE) < 0)
		fail("%s", name);
}

// udev classifies a device as a keyboard if it has all of the first keys.
static void make_keyboard(void)
{
	keyboard = open_device();
	for (int code = KEY_ESC; code < KEY_MICMUTE; code++)
		have(keyboard, UI_SET_KEYBIT, code);
	create(keyboard, "rig keyboard");
}

static void have_buttons(int fd)
{
	for (int code = BTN_LEFT; code <= BTN_TASK; code++)
		have(fd, UI_SET_KEYBIT, code);
	have(fd, UI_SET_RELBIT, REL_WHEEL);
	have(fd, UI_SET_RELBIT, REL_HWHEEL);
}

static void have_axis(int fd, int code, int maximum)
{
	struct uinput_abs_setup axis = { .code = code, .absinfo.maximum = maximum };

	have(fd, UI_SET_ABSBIT, code);
	if (ioctl(fd, UI_ABS_SETUP, &axis) < 0)
		fail("UI_ABS_SETUP");
}

// As QEMU's usb-tablet, with one position per pixel.
static void make_tablet(unsigned width, unsigned height)
{
	tablet = open_device();
	have_buttons(tablet);
	have_axis(tablet, ABS_X, width - 1);
	have_axis(tablet, ABS_Y, height - 1);
	create(tablet, "rig tablet");
}

static void make_mouse(void)
{
	mouse = open_device();
	have_buttons(mouse);
	have(mouse, UI_SET_RELBIT, REL_X);
	have(mouse, UI_SET_RELBIT, REL_Y);
	create(mouse, "rig mouse");
}

// For two fingers (linux/input's multi-touch protocol, type B), with one position per pixel.
static void make_touch_screen(unsigned width, unsigned height)
{
	touch_screen = open_device();
	if (ioctl(touch_screen, UI_SET_PROPBIT, INPUT_PROP_DIRECT) < 0)
		fail("UI_SET_PROPBIT");
	have(touch_screen, UI_SET_KEYBIT, BTN_TOUCH);
	have_axis(touch_screen, ABS_X, width - 1);
	have_axis(touch_screen, ABS_Y, height - 1);
	have_axis(touch_screen, ABS_MT_SLOT, 1);
	have_axis(touch_screen, ABS_MT_TRACKING_ID, UINT16_MAX);
	have_axis(touch_screen, ABS_MT_POSITION_X, width - 1);
	have_axis(touch_screen, ABS_MT_POSITION_Y, height - 1);
	create(touch_screen, "rig touch screen");
}

// ---- steps -------------------------------------------------------------------

static void emit(int fd, uint16_t type, uint16_t code, int32_t value)
{
	struct input_event event = { .type = type, .code = code, .value = value };

	if (write(fd, &event, sizeof event) != sizeof event)
		fail("an event");
}

static void synchronise(int fd) { emit(fd, EV_SYN, SYN_REPORT, 0); }

static void emit_two(int fd, uint16_t type, uint16_t code, const char *step, const char *value)
{
	int first, second;

	if (sscanf(value, "%d,%d", &first, &second) != 2)
		fail("%s: not two numbers", step);
	emit(fd, type, code, first);
	emit(fd, type, code + 1, second);
	synchronise(fd);
}

static uint16_t code_of(const char *step, const char *name)
{
	for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(codes[i].name, name))
			return codes[i].code;
	fail("%s: no such key or button in linux/input-event-codes.h", step);
}

// The buttons belong to the tablet: the pointer is at its position.
static void press(uint16_t code, bool on)
{
	int fd = code >= BTN_MISC && code < KEY_OK ? tablet : keyboard;

	emit(fd, EV_KEY, code, on);
	synchronise(fd);
}

static void tap(uint16_t code)
{
	press(code, true);
	sleep_ns(TAP_NS);
	press(code, false);
}

// A finger on the touch screen for a moment.
static void touch(const char *step, const char *value)
{
	emit(touch_screen, EV_ABS, ABS_MT_SLOT, 0);
	emit(touch_screen, EV_ABS, ABS_MT_TRACKING_ID, 1);
	emit(touch_screen, EV_KEY, BTN_TOUCH, true);
	emit_two(touch_screen, EV_ABS, ABS_MT_POSITION_X, step, value);
	sleep_ns(TAP_NS);
	emit(touch_screen, EV_ABS, ABS_MT_TRACKING_ID, -1);
	emit(touch_screen, EV_KEY, BTN_TOUCH, false);
	synchronise(touch_screen);
}

static bool run_step(const char *step)
{
	const char *value = strchr(step, '=');
	size_t length = value ? (size_t)(value++ - step) : strlen(step);
	bool on = true;

#define IS(name) (length == strlen(name) && !strncmp(step, name, length))
	errno = 0;
	if (!value && IS("hold"))
		on = sleep_until(INT64_MAX);
	else if (!value)
		fail("%s: no such step", step);
	else if (IS("move"))
		emit_two(tablet, EV_ABS, ABS_X, step, value);
	else if (IS("move-by"))
		emit_two(mouse, EV_REL, REL_X, step, value);
	else if (IS("wheel")) {
		emit(tablet, EV_REL, REL_WHEEL, atoi(value));
		synchronise(tablet);
	} else if (IS("tap"))
		tap(code_of(step, value));
	else if (IS("touch"))
		touch(step, value);
	else if (IS("press") || IS("release"))
		press(code_of(step, value), IS("press"));
	else if (IS("wait"))
		on = sleep_until(now() + atoll(value) * NS_PER_MS);
	else
		fail("%s: no such step", step);
#undef IS
	printf("t=%lld step=%s\n", (long long)now(), step);
	return on;
}

static void run_lines(void)
{
	char line[128];

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!run_step(line))
			break;
	}
}

int main(int argc, char **argv)
{
	sigset_t set = ending_signals();
	unsigned width, height;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || sscanf(argv[1], "%ux%u", &width, &height) != 2)
		fail("usage: uinput WIDTHxHEIGHT[+touch] [STEP…]");
	make_keyboard();
	make_tablet(width, height);
	make_mouse();
	if (strstr(argv[1], "+touch"))
		make_touch_screen(width, height);
	printf("ready\n");

	// Reading lines ends with any signal; steps end as in the other drivers.
	if (argc == 2) {
		run_lines();
		return 0;
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 2; i < argc && run_step(argv[i]); i++)
		;
	return 0;
}

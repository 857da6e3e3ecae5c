#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "steps.h"
#include "timing.h"

static const struct guest *guest;
static bool has_mode;
static uint32_t frame;
static unsigned flips;

static void print_step(const char *step)
{
	printf("t=%lld step=%s frame=%u\n", (long long)now(), step, frame);
}

static void wait_for_monitor(unsigned *width, unsigned *height)
{
	int64_t deadline = now() + 10 * NS_PER_S;

	while (!guest->read_monitor(width, height))
		if (now() > deadline || !sleep_until(now() + 20 * NS_PER_MS))
			fail("mode=monitor: none is plugged in");
	printf("monitor=%ux%u\n", *width, *height);
}

static void step_mode(const char *value)
{
	unsigned width = 0, height = 0;

	if (guest->read_monitor && !strcmp(value, "monitor"))
		wait_for_monitor(&width, &height);
	else if (sscanf(value, "%ux%u", &width, &height) != 2 || width < 64 || height < 64)
		fail("mode=%s: not WIDTHxHEIGHT, from 64x64", value);
	guest->set_mode(width, height, frame);
	has_mode = true;
}

static bool at_rate(const char *step, const char *value, void (*show)(uint32_t number))
{
	double rate;
	unsigned count;
	int64_t start = now();

	if (sscanf(value, "%lf,%u", &rate, &count) != 2 || rate <= 0)
		fail("%s: not RATE,COUNT", step);
	for (unsigned i = 1; i <= count; i++) {
		if (!sleep_until(start + (int64_t)(i * (NS_PER_S / rate))))
			return false;
		show(++frame);
		flips++;
	}
	return true;
}

static void step_cursor(const char *value)
{
	unsigned x, y;

	if (!strcmp(value, "off"))
		guest->hide_cursor();
	else if (sscanf(value, "%u,%u", &x, &y) == 2)
		guest->show_cursor(x, y);
	else
		fail("cursor=%s: not X,Y or off", value);
}

static bool run_step(const char *step)
{
	const char *value = strchr(step, '=');
	size_t length = value ? (size_t)(value++ - step) : strlen(step);
	bool on = true;

#define IS(name) (length == strlen(name) && !strncmp(step, name, length))
	errno = 0;
	if (value && IS("mode"))
		step_mode(value);
	else if (value && IS("wait"))
		on = sleep_until(now() + atoll(value) * NS_PER_MS);
	else if (!value && IS("monitor") && guest->read_monitor)
		wait_for_monitor(&(unsigned){ 0 }, &(unsigned){ 0 });
	else if (!value && IS("hold"))
		on = sleep_until(INT64_MAX);
	else if (!value && IS("off"))
		guest->off();
	else if (!has_mode)
		fail("%s: no such step, or no mode= before it", step);
	else if (value && IS("flip"))
		on = at_rate(step, value, guest->flip);
	else if (value && IS("update") && guest->update)
		on = at_rate(step, value, guest->update);
	else if (!value && IS("paint"))
		guest->paint(frame);
	else if (!value && IS("on"))
		guest->on();
	else if (value && IS("cursor") && guest->show_cursor)
		step_cursor(value);
	else
		fail("%s: no such step", step);
#undef IS
	print_step(step);
	if (guest->report)
		guest->report();
	return on;
}

void run_steps(const struct guest *played, char **steps, int count)
{
	guest = played;
	for (int i = 0; i < count; i++)
		if (!run_step(steps[i]))
			break;
}

void print_last_frame(void)
{
	printf("last-frame=%u flips=%u\n", frame, flips);
}

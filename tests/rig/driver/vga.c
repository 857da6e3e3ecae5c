#include <errno.h>
#include <stdlib.h>

#include "fail.h"
#include "painter.h"
#include "pci.h"
#include "qtest.h"
#include "vbe.h"
#include "vga.h"

// VGA's own ports from 0x3c0 on, in the same BAR. mbochs does not have them, and ignores writes to them.
enum {
	PORTS = 0x400,
	ATTRIBUTE_INDEX = PORTS,
	PALETTE_INDEX = PORTS + 8,
	PALETTE_DATA = PORTS + 9,
	INPUT_STATUS_1 = PORTS + 0x1a,
	ATTRIBUTE_SCREEN_ON = 0x20,
};

// Both have at least 16 MiB of VRAM: -device VGA by default, mbochs from its "medium" type on.
static const uint64_t VRAM_SIZE = 16 << 20;

static uint64_t registers, vram;

// Bits per pixel: 32, or 8, which QEMU must convert into an image of its own.
static unsigned depth;

// Two buffers one above the other in the VRAM; a flip moves Y_OFFSET. They are drawn in our own memory and copied to the VRAM,
// because QEMU only tracks changes that it has written itself.
static struct {
	unsigned width, height;
	unsigned y[2];
	int front;
	uint32_t *copy[2];
} screen;

static void vbe_write(enum vbe_register index, unsigned value)
{
	qtest_write16(registers + VBE_BASE + 2 * index, value);
}

static struct picture picture(int half)
{
	struct picture picture = { screen.copy[half], screen.width, screen.height };

	return picture;
}

static void upload(int half, struct rectangle area)
{
	const unsigned bytes = depth / 8;
	const uint64_t stride = (uint64_t)screen.width * bytes, to = vram + screen.y[half] * stride;
	uint8_t indices[area.width + 1];

	for (unsigned y = area.y; y < area.y + area.height; y++) {
		const uint32_t *line = screen.copy[half] + (size_t)y * screen.width + area.x;

		for (unsigned x = 0; x < area.width; x++)
			indices[x] = (line[x] >> 16 & 0xe0) | (line[x] >> 11 & 0x1c) | (line[x] >> 6 & 3);
		qtest_post(to + y * stride + area.x * bytes, depth == 8 ? (const void *)indices : line,
			(size_t)area.width * bytes);
	}
	qtest_wait();
}

// Three bits of red, three of green, two of blue; the palette has six of each.
static void set_palette(void)
{
	qtest_write8(registers + PALETTE_INDEX, 0);
	for (unsigned i = 0; i < 256; i++) {
		qtest_write8(registers + PALETTE_DATA, (i >> 5) * 63 / 7);
		qtest_write8(registers + PALETTE_DATA, (i >> 2 & 7) * 63 / 7);
		qtest_write8(registers + PALETTE_DATA, (i & 3) * 63 / 3);
	}
}

static void draw_both(void (*draw)(struct picture picture, unsigned half), uint32_t number)
{
	struct rectangle whole = { .width = screen.width, .height = screen.height };

	for (int half = 0; half < 2; half++) {
		draw(picture(half), half);
		draw_bar_code(picture(half), number);
		upload(half, whole);
	}
}

static void draw_number(int half, uint32_t number)
{
	draw_bar_code(picture(half), number);
	upload(half, bar_code_area(picture(half)));
}

static void off(void) { vbe_write(VBE_ENABLE, VBE_DISABLED); }

// QEMU's VGA loses the offset meanwhile.
static void on(void)
{
	vbe_write(VBE_ENABLE, VBE_ENABLED_LINEAR);
	vbe_write(VBE_Y_OFFSET, screen.y[screen.front]);
}

static void set_mode(unsigned width, unsigned height, uint32_t number)
{
	unsigned second = vbe_second_line(width, height);

	errno = 0;
	if ((uint64_t)width * 4 * (second + height) > VRAM_SIZE)
		fail("mode=%ux%u: does not fit twice into the VRAM", width, height);
	off();
	screen.width = width;
	screen.height = height;
	screen.y[1] = second;
	screen.front = 0;
	for (int half = 0; half < 2; half++) {
		free(screen.copy[half]);
		screen.copy[half] = malloc((size_t)width * height * 4);
		if (!screen.copy[half])
			fail("memory for %ux%u", width, height);
	}
	draw_both(draw_checker, number);
	vbe_set_mode(vbe_write, width, height, second + height, depth);
	if (depth == 8)
		set_palette();
	// Reading the status makes the next write to the attribute port set its index.
	qtest_read8(registers + INPUT_STATUS_1);
	qtest_write8(registers + ATTRIBUTE_INDEX, ATTRIBUTE_SCREEN_ON);
}

static void flip(uint32_t number)
{
	screen.front = !screen.front;
	draw_number(screen.front, number);
	vbe_write(VBE_Y_OFFSET, screen.y[screen.front]);
}

static void update(uint32_t number) { draw_number(screen.front, number); }
static void paint(uint32_t number) { draw_both(draw_test_card, number); }

static const struct guest guest = {
	.set_mode = set_mode,
	.flip = flip,
	.update = update,
	.paint = paint,
	.off = off,
	.on = on,
};

const struct guest *vga_guest(unsigned bits)
{
	depth = bits;
	vram = pci_bar(BAR_VRAM);
	registers = pci_bar(BAR_REGISTERS);
	errno = 0;
	if ((qtest_read16(registers + VBE_BASE + 2 * VBE_ID) & 0xfff0) != VBE_ID_ANY)
		fail("the display has no VBE registers");
	return &guest;
}

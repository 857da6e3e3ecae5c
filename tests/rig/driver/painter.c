#include <stddef.h>

#include "painter.h"

enum { LEFT = 16, TOP = 16, CELL_WIDTH = 8, CELL_HEIGHT = 16, CELLS = 37, MIN_WIDTH = 328 };

static const uint32_t WHITE = 0xffffffff, BLACK = 0xff000000;

static uint32_t *line(struct picture picture, unsigned y)
{
	return picture.pixels + (size_t)y * picture.width;
}

static void fill(struct picture picture, unsigned x, unsigned y, unsigned width, unsigned height, uint32_t colour)
{
	for (unsigned row = y; row < y + height; row++) {
		uint32_t *p = line(picture, row) + x;

		for (unsigned i = 0; i < width; i++)
			p[i] = colour;
	}
}

static void draw_border(struct picture picture)
{
	const unsigned thick = 8, w = picture.width, h = picture.height;

	fill(picture, 0, 0, w, thick, WHITE);
	fill(picture, 0, h - thick, w, thick, WHITE);
	fill(picture, 0, 0, thick, h, WHITE);
	fill(picture, w - thick, 0, thick, h, WHITE);
}

void draw_checker(struct picture picture, unsigned buffer)
{
	static const uint32_t colours[4] = { 0xc02040, 0x20c040, 0x2040c0, 0xc0a020 };
	const uint32_t colour = colours[buffer % 4];
	const unsigned square = 64;

	for (unsigned y = 0; y < picture.height; y++) {
		uint32_t *p = line(picture, y);

		for (unsigned x = 0; x < picture.width; x++) {
			bool dark = (x / square ^ y / square) & 1;

			p[x] = BLACK | (dark ? colour >> 1 & 0x7f7f7f : colour);
		}
	}
	draw_border(picture);
}

void draw_test_card(struct picture picture, unsigned buffer)
{
	static const uint32_t bars[8] = {
		0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x000000,
	};
	static const uint32_t ramps[4] = { 0x010000, 0x000100, 0x000001, 0x010101 };
	const unsigned w = picture.width, h = picture.height;

	for (unsigned y = 0; y < h; y++) {
		unsigned row = buffer % 2 ? h - 1 - y : y;
		uint32_t *p = line(picture, y);

		for (unsigned x = 0; x < w; x++) {
			if (row < h / 2)
				p[x] = BLACK | bars[x * 8 / w];
			else
				p[x] = BLACK | ramps[(row - h / 2) * 4 / (h - h / 2)] * (x * 256 / w);
		}
	}
	draw_border(picture);
}

void draw_bar_code(struct picture picture, uint32_t number)
{
	bool white[CELLS] = { [0] = true, [CELLS - 1] = true };

	if (picture.width < MIN_WIDTH)
		return;
	for (int bit = 0; bit < 32; bit++)
		white[2 + bit] = number >> (31 - bit) & 1;
	white[34] = __builtin_parity(number);
	for (int cell = 0; cell < CELLS; cell++)
		fill(picture, LEFT + cell * CELL_WIDTH, TOP, CELL_WIDTH, CELL_HEIGHT, white[cell] ? WHITE : BLACK);
}

struct rectangle bar_code_area(struct picture picture)
{
	struct rectangle none = { 0 }, area = { LEFT, TOP, CELLS * CELL_WIDTH, CELL_HEIGHT };

	return picture.width < MIN_WIDTH ? none : area;
}

// A triangle with its right angle at the hot spot, white with a black edge.
void draw_cursor(uint32_t *pixels)
{
	const int length = 24;

	for (int y = 0; y < CURSOR_SIZE; y++) {
		for (int x = 0; x < CURSOR_SIZE; x++) {
			int right = x - CURSOR_HOT_X, down = y - CURSOR_HOT_Y;
			bool inside = right >= 0 && down >= right && down < length;
			bool edge = right == 0 || down == right || down == length - 1;

			pixels[y * CURSOR_SIZE + x] = !inside ? 0 : edge ? BLACK : WHITE;
		}
	}
}

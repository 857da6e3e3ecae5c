// The image of the rig's guests: a test picture with the frame number as a bar code.
#ifndef PAINTER_H
#define PAINTER_H

#include <stdbool.h>
#include <stdint.h>

// 32 bits per pixel, blue in the lowest byte; no padding between the lines.
struct picture {
	uint32_t *pixels;
	unsigned width, height;
};

struct rectangle {
	unsigned x, y, width, height;
};

// Each buffer of a guest has a number, from 0 on. The picture differs in each buffer and at every place, so that
// a wrong buffer or offset is visible.
void draw_checker(struct picture picture, unsigned buffer);

// Colour bars above ramps of red, green, blue and grey; upside down in every second buffer.
void draw_test_card(struct picture picture, unsigned buffer);

// Guard white, black; 32 bits of the frame number; parity; guard black, white. README.md has its position.
void draw_bar_code(struct picture picture, uint32_t number);

// The area of draw_bar_code; empty if the picture is too small for it.
struct rectangle bar_code_area(struct picture picture);

// A pointer's arrow, whose tip is pixel 5,6; the rest is transparent.
enum { CURSOR_SIZE = 64, CURSOR_HOT_X = 5, CURSOR_HOT_Y = 6 };
void draw_cursor(uint32_t *pixels);

#endif

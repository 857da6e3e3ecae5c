// What the played guests show: a test picture with the frame's number in it as a bar code.
#ifndef PAINTER_H
#define PAINTER_H

#include <stdbool.h>
#include <stdint.h>

// 32 bits a pixel, blue lowest; nothing between the lines.
struct picture {
	uint32_t *pixels;
	unsigned width, height;
};

struct rectangle {
	unsigned x, y, width, height;
};

// Of a guest's buffers each has a number, from 0 on. Unlike in each, and unlike at every place:
// a wrong buffer or offset shows.
void draw_checker(struct picture picture, unsigned buffer);

// Colour bars above ramps of red, green, blue and grey; in every second buffer upside down.
void draw_test_card(struct picture picture, unsigned buffer);

// Guard white, black; 32 bits of the frame number; parity; guard black, white. README.md says where.
void draw_bar_code(struct picture picture, uint32_t number);

// What draw_bar_code paints; empty where the picture is too small for it.
struct rectangle bar_code_area(struct picture picture);

// A pointer's arrow, which points with its pixel 5,6; the rest is transparent.
enum { CURSOR_SIZE = 64, CURSOR_HOT_X = 5, CURSOR_HOT_Y = 6 };
void draw_cursor(uint32_t *pixels);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Images of the guest: their memory and what is painted in it. */
#include <drm/drm_fourcc.h>
#include <linux/bitops.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "testgpu.h"

/* The project's bar code: ../README.md, and src/Gvt/Pattern/BarCode.cs. */
enum { LEFT = 16, TOP = 16, CELL_WIDTH = 8, CELL_HEIGHT = 16, CELLS = 37, MIN_WIDTH = 328, MIN_HEIGHT = 96 };

enum { SQUARE = 64 };

static const u32 WHITE = 0xffffffff, BLACK = 0xff000000;

/* Components are all or nothing, so that no format changes them. Cursor: before and after it is redrawn in place. */
static const u32 primary_colours[MOST_BUFFERS] = { 0xffff0000, 0xff00ff00, 0xff0000ff, 0xff00ffff };
static const u32 overlay_colours[MOST_BUFFERS] = { 0xffffff00, 0xffff00ff, 0xffffff00, 0xffff00ff };
static const u32 cursor_colours[2] = { 0xffff00ff, 0xff00ffff };

static unsigned int pixel_bytes(u32 format)
{
	switch (format) {
	case DRM_FORMAT_C8:
	case DRM_FORMAT_NV12:
		return 1;
	case DRM_FORMAT_RGB565:
	case DRM_FORMAT_YUYV:
		return 2;
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
	case DRM_FORMAT_XRGB2101010:
		return 4;
	default:
		return 0;
	}
}

/* BT.601, limited range. */
static u8 luma(int r, int g, int b) { return 16 + ((66 * r + 129 * g + 25 * b + 128) >> 8); }
static u8 blue_chroma(int r, int g, int b) { return 128 + ((-38 * r - 74 * g + 112 * b + 128) >> 8); }
static u8 red_chroma(int r, int g, int b) { return 128 + ((112 * r - 94 * g - 18 * b + 128) >> 8); }

static void set_pixel(struct surface *s, u32 x, u32 y, u32 argb)
{
	u8 *row = (u8 *)s->pixels + (size_t)y * s->stride;
	u8 r = argb >> 16, g = argb >> 8, b = argb;

	switch (s->format) {
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
		((u32 *)row)[x] = argb;
		break;
	case DRM_FORMAT_XRGB2101010:
		((u32 *)row)[x] = 3u << 30 | (r << 2 | r >> 6) << 20 | (g << 2 | g >> 6) << 10 | (b << 2 | b >> 6);
		break;
	case DRM_FORMAT_RGB565:
		((u16 *)row)[x] = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
		break;
	case DRM_FORMAT_YUYV:
		row[x * 2] = luma(r, g, b);
		row[x * 2 + 1] = x & 1 ? red_chroma(r, g, b) : blue_chroma(r, g, b);
		break;
	case DRM_FORMAT_NV12:
		row[x] = luma(r, g, b);
		break;
	default:
		row[x] = g;
	}
}

/* The other rows of an area are copies of its first. */
static void repeat_row(struct surface *s, u32 x, u32 y, u32 width, u32 height)
{
	unsigned int bytes = pixel_bytes(s->format);
	u8 *row = (u8 *)s->pixels + (size_t)y * s->stride + x * bytes;
	u32 i;

	for (i = 1; i < height; i++)
		memcpy(row + (size_t)i * s->stride, row, width * bytes);
}

/* Squares of one colour and of black. */
static void draw_checker(struct surface *s, u32 colour)
{
	u32 x, y;

	for (y = 0; y < s->height; y += SQUARE) {
		for (x = 0; x < s->width; x++)
			set_pixel(s, x, y, (x / SQUARE ^ y / SQUARE) & 1 ? BLACK : colour);
		repeat_row(s, 0, y, s->width, min_t(u32, SQUARE, s->height - y));
	}
}

/* A square with a white edge, whose lower right quarter is transparent. */
static void draw_cursor(struct surface *s, u32 colour)
{
	u32 x, y;

	for (y = 0; y < s->height; y++)
		for (x = 0; x < s->width; x++) {
			bool outside = x >= s->width / 2 && y >= s->height / 2;
			bool edge = x == 0 || y == 0 || x == s->width - 1 || y == s->height - 1;

			set_pixel(s, x, y, outside ? 0 : edge ? WHITE : colour);
		}
}

static void draw_bar_code(struct surface *s, u32 top, u32 frame)
{
	u32 cell, x;

	for (cell = 0; cell < CELLS; cell++) {
		bool white = cell == 0 || cell == CELLS - 1;

		if (cell >= 2 && cell < 34)
			white = frame >> (33 - cell) & 1;
		else if (cell == 34)
			white = hweight32(frame) & 1;
		for (x = 0; x < CELL_WIDTH; x++)
			set_pixel(s, LEFT + cell * CELL_WIDTH + x, top, white ? WHITE : BLACK);
	}
	repeat_row(s, LEFT, top, CELLS * CELL_WIDTH, CELL_HEIGHT);
}

/* At the top and at the bottom: where they differ, the image is torn. */
void surface_number(struct surface *s, u32 frame)
{
	if (s->plane == CURSOR || s->width < MIN_WIDTH || s->height < MIN_HEIGHT)
		return;
	draw_bar_code(s, TOP, frame);
	draw_bar_code(s, s->height - TOP - CELL_HEIGHT, frame);
}

void surface_redraw(struct surface *s, unsigned int shade)
{
	if (s->plane == CURSOR)
		draw_cursor(s, cursor_colours[shade % 2]);
	else
		draw_checker(s, s->plane == PRIMARY ? primary_colours[(s->index + shade) % MOST_BUFFERS]
						    : overlay_colours[(s->index + shade) % MOST_BUFFERS]);
}

struct surface *surface_create(enum plane_type plane, unsigned int index, u32 width, u32 height, u32 format,
			       enum memory memory)
{
	unsigned int bytes = pixel_bytes(format);
	struct surface *s;

	if (!bytes || !width || !height || width > 4096 || height > 4096)
		return ERR_PTR(-EINVAL);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	kref_init(&s->ref);
	s->plane = plane;
	s->index = index;
	s->width = width;
	s->height = height;
	s->format = format;
	s->stride = ALIGN(width * bytes, 64);
	s->size = (size_t)s->stride * height;
	if (format == DRM_FORMAT_NV12)
		s->size += s->size / 2;
	s->memory = memory;
	s->pixels = vmalloc_user(s->size);
	if (!s->pixels) {
		kfree(s);
		return ERR_PTR(-ENOMEM);
	}
	surface_redraw(s, 0);
	return s;
}

struct surface *surface_get(struct surface *s)
{
	kref_get(&s->ref);
	return s;
}

static void surface_free(struct kref *ref)
{
	struct surface *s = container_of(ref, struct surface, ref);

	vfree(s->pixels);
	kfree(s);
}

void surface_put(struct surface *s)
{
	if (s)
		kref_put(&s->ref, surface_free);
}

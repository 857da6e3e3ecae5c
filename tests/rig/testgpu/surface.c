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

/* Bytes and rows of a tile; bytes of a row that lie together in it (drm_fourcc.h, I915_FORMAT_MOD_X_TILED and _Y_TILED). */
static const struct tile { u32 width, height, run; } tiles[] = {
	[TILING_NONE] = { .width = 64, .height = 1 },
	[TILING_X] = { .width = 512, .height = 8, .run = 512 },
	[TILING_Y] = { .width = 128, .height = 32, .run = 16 },
};

static const u32 WHITE = 0xffffffff, BLACK = 0xff000000;

/* Components are all or nothing, so that no format changes them. Cursor: before and after it is redrawn in place. */
static const u32 primary_colours[] = { 0xffff0000, 0xff00ff00, 0xff0000ff, 0xff00ffff };
static const u32 overlay_colours[] = { 0xffffff00, 0xffff00ff };
static const u32 cursor_colours[2] = { 0xffff00ff, 0xff00ffff };

static unsigned int pixel_bytes(u32 format)
{
	switch (format) {
	case DRM_FORMAT_C8:
	case DRM_FORMAT_NV12:
		return 1;
	case DRM_FORMAT_RGB565:
	case DRM_FORMAT_YUYV:
	case DRM_FORMAT_P010:
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

/* Where byte x of row y lies. A tile's runs lie below each other: all rows of its first run, then those of its second. */
static u8 *address(struct surface *s, u32 x, u32 y)
{
	const struct tile *t = &tiles[s->tiling];
	size_t row = (size_t)(y - y % t->height) * s->stride;

	if (s->tiling == TILING_NONE)
		return (u8 *)s->pixels + row + x;
	return (u8 *)s->pixels + row + x / t->width * t->width * t->height + x % t->width / t->run * t->run * t->height +
	       y % t->height * t->run + x % t->run;
}

static void set_pixel(struct surface *s, u32 x, u32 y, u32 argb)
{
	u8 *at = address(s, x * pixel_bytes(s->format), y);
	u8 r = argb >> 16, g = argb >> 8, b = argb;

	switch (s->format) {
	case DRM_FORMAT_XRGB8888:
	case DRM_FORMAT_ARGB8888:
		*(u32 *)at = argb;
		break;
	case DRM_FORMAT_XRGB2101010:
		*(u32 *)at = 3u << 30 | (r << 2 | r >> 6) << 20 | (g << 2 | g >> 6) << 10 | (b << 2 | b >> 6);
		break;
	case DRM_FORMAT_RGB565:
		*(u16 *)at = (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
		break;
	case DRM_FORMAT_YUYV:
		at[0] = luma(r, g, b);
		at[1] = x & 1 ? red_chroma(r, g, b) : blue_chroma(r, g, b);
		break;
	case DRM_FORMAT_P010:
		*(u16 *)at = luma(r, g, b) << 8;
		break;
	case DRM_FORMAT_NV12:
		*at = luma(r, g, b);
		break;
	default:
		*at = g;
	}
}

/* The other rows of an area are copies of its first. */
static void repeat_row(struct surface *s, u32 x, u32 y, u32 width, u32 height)
{
	unsigned int bytes = pixel_bytes(s->format);
	u32 run = tiles[s->tiling].run ?: s->stride, end = (x + width) * bytes, at, next, i;

	for (i = 1; i < height; i++)
		for (at = x * bytes; at < end; at = next) {
			next = min(end, at - at % run + run);
			memcpy(address(s, at, y + i), address(s, at, y), next - at);
		}
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
void surface_number(struct surface *s, u32 frame, unsigned int edges)
{
	if (s->plane == CURSOR || s->width < MIN_WIDTH || s->height < MIN_HEIGHT)
		return;
	if (edges & TOP_EDGE)
		draw_bar_code(s, TOP, frame);
	if (edges & BOTTOM_EDGE)
		draw_bar_code(s, s->height - TOP - CELL_HEIGHT, frame);
}

u64 surface_modifier(const struct surface *s)
{
	static const u64 modifiers[] = { DRM_FORMAT_MOD_LINEAR, I915_FORMAT_MOD_X_TILED, I915_FORMAT_MOD_Y_TILED };

	return modifiers[s->tiling];
}

/* Of whole tiles. */
u32 surface_rows(const struct surface *s)
{
	return ALIGN(s->height, tiles[s->tiling].height);
}

void surface_redraw(struct surface *s, unsigned int shade)
{
	if (s->plane == CURSOR)
		draw_cursor(s, cursor_colours[shade % 2]);
	else
		draw_checker(s, s->plane == PRIMARY ? primary_colours[(s->index + shade) % ARRAY_SIZE(primary_colours)]
						    : overlay_colours[(s->index + shade) % ARRAY_SIZE(overlay_colours)]);
}

/* In the console's memory if the vGPU shows that. */
static int allocate(struct testgpu *gpu, struct surface *s)
{
	s->is_console = gpu->console;
	if (s->is_console && s->size > CONSOLE_SIZE)
		return -EINVAL;
	s->pixels = gpu->console ?: vmalloc_user(s->size);
	return s->pixels ? 0 : -ENOMEM;
}

struct surface *surface_create(struct testgpu *gpu, enum plane_type plane, unsigned int index, u32 width, u32 height, u32 format)
{
	unsigned int bytes = pixel_bytes(format);
	struct surface *s;
	int error;

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
	s->tiling = READ_ONCE(gpu->tiling);
	s->stride = ALIGN(width * bytes, tiles[s->tiling].width);
	s->size = (size_t)s->stride * surface_rows(s);
	if (format == DRM_FORMAT_NV12 || format == DRM_FORMAT_P010)
		s->size += s->size / 2;
	s->memory = READ_ONCE(gpu->memory);
	error = allocate(gpu, s);
	if (error) {
		kfree(s);
		return ERR_PTR(error);
	}
	dma_resv_init(&s->drawings);
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

	dma_resv_fini(&s->drawings);
	if (!s->is_console)
		vfree(s->pixels);
	kfree(s);
}

void surface_put(struct surface *s)
{
	if (s)
		kref_put(&s->ref, surface_free);
}

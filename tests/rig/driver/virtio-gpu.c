#include <errno.h>
#include <linux/virtio_gpu.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"
#include "guest-ram.h"
#include "painter.h"
#include "qtest.h"
#include "timing.h"
#include "virtio.h"
#include "virtio-gpu.h"

enum { QUEUE_CONTROL, QUEUE_CURSOR };

// The pointer's image is above the rings. The memory above it is halved, and each mode uses the other half:
// a resource that is shown stays intact until the next mode's is shown.
enum { PAGE = 4096, CURSOR_ADDRESS = VIRTIO_RINGS_ADDRESS + VIRTIO_RINGS_SIZE, SCREENS_ADDRESS = 0x200000 };

enum { CURSOR_RESOURCE = 1, FIRST_RESOURCE = 2 };

static struct guest_ram ram;

static struct {
	unsigned count, front;
	uint32_t first_resource;
	uint64_t first_address, size;
	unsigned width, height;
} buffers;

static bool has_cursor;

// How long the device took for a flush, which it answers when the display has taken the frame.
static struct {
	unsigned count;
	long long sum, longest; // ns
} flushes;

// ---- requests ----------------------------------------------------------------

static void request(unsigned queue, uint32_t type, void *request, size_t size)
{
	struct virtio_gpu_ctrl_hdr answer = { 0 }, *header = request;

	header->type = type;
	virtio_request(queue, request, size, &answer, sizeof answer);
	errno = 0;
	if (queue == QUEUE_CONTROL && answer.type != VIRTIO_GPU_RESP_OK_NODATA)
		fail("virtio-gpu answers request 0x%x with 0x%x", type, answer.type);
}

static void create_blob(uint32_t resource, uint64_t address, uint64_t size)
{
	struct {
		struct virtio_gpu_resource_create_blob create;
		struct virtio_gpu_mem_entry memory;
	} blob = {
		.create = {
			.resource_id = resource,
			.blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
			.blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE | VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE,
			.nr_entries = 1,
			.size = size,
		},
		.memory = { .addr = address, .length = size },
	};

	request(QUEUE_CONTROL, VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB, &blob, sizeof blob);
}

static void destroy_resource(uint32_t resource)
{
	struct virtio_gpu_resource_unref unref = { .resource_id = resource };

	request(QUEUE_CONTROL, VIRTIO_GPU_CMD_RESOURCE_UNREF, &unref, sizeof unref);
}

static void scan_out(uint32_t resource)
{
	struct virtio_gpu_set_scanout_blob scanout = {
		.r = { .width = buffers.width, .height = buffers.height },
		.resource_id = resource,
		.width = buffers.width,
		.height = buffers.height,
		.format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
		.strides = { buffers.width * 4 },
	};

	request(QUEUE_CONTROL, VIRTIO_GPU_CMD_SET_SCANOUT_BLOB, &scanout, sizeof scanout);
}

static void scan_out_nothing(void)
{
	struct virtio_gpu_set_scanout scanout = { .resource_id = 0 };

	request(QUEUE_CONTROL, VIRTIO_GPU_CMD_SET_SCANOUT, &scanout, sizeof scanout);
}

// Fenced, as Linux does it: only then is it answered after the display has taken the frame.
static void flush(uint32_t resource, struct rectangle area)
{
	struct virtio_gpu_resource_flush flush = {
		.hdr = { .flags = VIRTIO_GPU_FLAG_FENCE, .fence_id = flushes.count + 1 },
		.r = { area.x, area.y, area.width, area.height },
		.resource_id = resource,
	};
	int64_t start = now(), took;

	request(QUEUE_CONTROL, VIRTIO_GPU_CMD_RESOURCE_FLUSH, &flush, sizeof flush);
	took = now() - start;
	flushes.count++;
	flushes.sum += took;
	if (took > flushes.longest)
		flushes.longest = took;
}

static void cursor_request(uint32_t type, uint32_t resource, unsigned x, unsigned y)
{
	struct virtio_gpu_update_cursor cursor = {
		.pos = { .x = x, .y = y },
		.resource_id = resource,
		.hot_x = CURSOR_HOT_X,
		.hot_y = CURSOR_HOT_Y,
	};

	request(QUEUE_CURSOR, type, &cursor, sizeof cursor);
}

// ---- buffers -----------------------------------------------------------------

static uint32_t resource(unsigned buffer) { return buffers.first_resource + buffer; }

static struct picture picture(unsigned buffer)
{
	uint64_t address = buffers.first_address + buffer * buffers.size;
	struct picture picture = { (uint32_t *)(ram.bytes + address), buffers.width, buffers.height };

	return picture;
}

static void show(unsigned buffer)
{
	struct rectangle whole = { .width = buffers.width, .height = buffers.height };

	scan_out(resource(buffer));
	flush(resource(buffer), whole);
	buffers.front = buffer;
}

static void draw_all(void (*draw)(struct picture picture, unsigned buffer), uint32_t number)
{
	for (unsigned buffer = 0; buffer < buffers.count; buffer++) {
		draw(picture(buffer), buffer);
		draw_bar_code(picture(buffer), number);
	}
}

// ---- the steps ---------------------------------------------------------------

static void set_mode(unsigned width, unsigned height, uint32_t number)
{
	const uint64_t half = (ram.size - SCREENS_ADDRESS) / 2 / PAGE * PAGE;
	const uint32_t old = buffers.first_resource;
	const bool was_upper = buffers.first_address > SCREENS_ADDRESS;

	buffers.size = ((uint64_t)width * height * 4 + PAGE - 1) / PAGE * PAGE;
	errno = 0;
	if (buffers.size * buffers.count > half)
		fail("mode=%ux%u: %u buffers do not fit into half of the guest's RAM", width, height, buffers.count);
	buffers.width = width;
	buffers.height = height;
	buffers.first_resource = old ? old + buffers.count : FIRST_RESOURCE;
	buffers.first_address = SCREENS_ADDRESS + (old && !was_upper ? half : 0);
	draw_all(draw_checker, number);
	for (unsigned buffer = 0; buffer < buffers.count; buffer++)
		create_blob(resource(buffer), buffers.first_address + buffer * buffers.size, buffers.size);
	show(0);
	for (unsigned buffer = 0; old && buffer < buffers.count; buffer++)
		destroy_resource(old + buffer);
}

static void flip(uint32_t number)
{
	unsigned next = (buffers.front + 1) % buffers.count;

	draw_bar_code(picture(next), number);
	show(next);
}

static void update(uint32_t number)
{
	draw_bar_code(picture(buffers.front), number);
	flush(resource(buffers.front), bar_code_area(picture(buffers.front)));
}

static void paint(uint32_t number)
{
	draw_all(draw_test_card, number);
	show(buffers.front);
}

static void on(void) { show(buffers.front); }

static void show_cursor(unsigned x, unsigned y)
{
	if (has_cursor) {
		cursor_request(VIRTIO_GPU_CMD_MOVE_CURSOR, CURSOR_RESOURCE, x, y);
		return;
	}
	cursor_request(VIRTIO_GPU_CMD_UPDATE_CURSOR, CURSOR_RESOURCE, x, y);
	has_cursor = true;
}

static void hide_cursor(void)
{
	cursor_request(VIRTIO_GPU_CMD_UPDATE_CURSOR, 0, 0, 0);
	has_cursor = false;
}

static void report(void)
{
	if (flushes.count)
		printf("flushes=%u mean-us=%lld longest-us=%lld\n", flushes.count,
			flushes.sum / flushes.count / NS_PER_US, flushes.longest / NS_PER_US);
	memset(&flushes, 0, sizeof flushes);
}

static const struct guest guest = {
	.set_mode = set_mode,
	.flip = flip,
	.update = update,
	.paint = paint,
	.off = scan_out_nothing,
	.on = on,
	.show_cursor = show_cursor,
	.hide_cursor = hide_cursor,
	.report = report,
};

const struct guest *virtio_gpu_guest(unsigned count)
{
	buffers.count = count;
	ram = map_guest_ram(qtest_pid());
	virtio_start(ram.bytes, 1u << VIRTIO_GPU_F_RESOURCE_BLOB);
	draw_cursor((uint32_t *)(ram.bytes + CURSOR_ADDRESS));
	create_blob(CURSOR_RESOURCE, CURSOR_ADDRESS, CURSOR_SIZE * CURSOR_SIZE * 4);
	return &guest;
}

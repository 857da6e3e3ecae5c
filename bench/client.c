/*
 * What guestplane is measured against: the smallest client in C that makes the same commits. Two buffers on memory that
 * nobody draws into, flipped at a rate: a root of one black pixel stretched over the window, on it the plane as a desync
 * subsurface; each flip is attach, damage, presentation feedback, frame callback, commit. As guestplane it commits at once
 * but for a third time between two frames of the host, sleeps in one ppoll for the next flip, and goes by linux-dmabuf
 * (create, not create_immed) where the host has it, else by wl_shm on the same descriptor.
 *
 * client WxH RATE FLIPS [fullscreen]; the last line is JSON, with the fields of guestplane's report.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "linux-dmabuf-v1.h"
#include "presentation-time.h"
#include "single-pixel-buffer-v1.h"
#include "viewporter.h"
#include "xdg-shell.h"
#include <wayland-client.h>

#define XRGB8888 0x34325258
#define SECOND 1000000000ll
enum { BUFFERS = 2, WARM_UP = 60, COMMITS_PER_FRAME = 2, MOST_FLIPS = 100000, STRIDE_ALIGNMENT = 256 };

static struct wl_display *display;
static struct wl_compositor *compositor;
static struct wl_subcompositor *subcompositor;
static struct wl_shm *shm;
static struct xdg_wm_base *wm;
static struct zwp_linux_dmabuf_v1 *dmabuf;
static struct wp_presentation *presentation;
static struct wp_viewporter *viewporter;
static struct wp_single_pixel_buffer_manager_v1 *single_pixel;
static struct wl_surface *root, *plane;
static struct wp_viewport *root_viewport, *plane_viewport;
static struct xdg_surface *window;
static struct wl_buffer *buffers[BUFFERS];
static int width, height, window_width, window_height, configured, imported, clock_id = CLOCK_MONOTONIC;
static long flips, committed, presented, discarded, zero_copy, coalesced, wanted;
static long long cpu_at_warm_up, flipped_at, to_commit[MOST_FLIPS], to_presented[MOST_FLIPS], committed_at[MOST_FLIPS];
static int commits_this_frame, waiting;
static struct wl_callback *frame;

static long long now_of(int clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void commit_flip(void);

static void on_frame(void *data, struct wl_callback *callback, uint32_t time)
{
	(void)data, (void)time;
	wl_callback_destroy(callback);
	frame = NULL;
	commits_this_frame = 0;
	if (waiting)
		commit_flip();
}
static const struct wl_callback_listener frame_listener = { on_frame };

static void on_sync_output(void *data, struct wp_presentation_feedback *feedback, struct wl_output *output)
{
	(void)data, (void)feedback, (void)output;
}

static void on_presented(void *data, struct wp_presentation_feedback *feedback, uint32_t sec_hi, uint32_t sec, uint32_t nsec,
			 uint32_t refresh, uint32_t seq_hi, uint32_t seq, uint32_t flags)
{
	long long time = ((long long)sec_hi << 32 | sec) * SECOND + nsec;

	(void)refresh, (void)seq_hi, (void)seq;
	if (clock_id != CLOCK_MONOTONIC)
		time += now_of(CLOCK_MONOTONIC) - now_of(clock_id);
	to_presented[presented++] = time - committed_at[(intptr_t)data];
	zero_copy += (flags & WP_PRESENTATION_FEEDBACK_KIND_ZERO_COPY) != 0;
	wp_presentation_feedback_destroy(feedback);
}

static void on_discarded(void *data, struct wp_presentation_feedback *feedback)
{
	(void)data;
	discarded++;
	wp_presentation_feedback_destroy(feedback);
}
static const struct wp_presentation_feedback_listener feedback_listener = { on_sync_output, on_presented, on_discarded };

static void commit_flip(void)
{
	long long now;

	waiting = 0;
	wl_surface_attach(plane, buffers[flips % BUFFERS], 0, 0);
	wl_surface_damage_buffer(plane, 0, 0, INT32_MAX, INT32_MAX);
	now = now_of(CLOCK_MONOTONIC);
	committed_at[committed] = now;
	to_commit[committed] = now - flipped_at;
	wp_presentation_feedback_add_listener(wp_presentation_feedback(presentation, plane), &feedback_listener, (void *)(intptr_t)committed);
	if (!frame) {
		frame = wl_surface_frame(plane);
		wl_callback_add_listener(frame, &frame_listener, NULL);
	}
	commits_this_frame++;
	wl_surface_commit(plane);
	committed++;
}

static void flip(long long now)
{
	flipped_at = now;
	if (++flips == WARM_UP)
		cpu_at_warm_up = now_of(CLOCK_PROCESS_CPUTIME_ID);
	coalesced += waiting;
	waiting = 1;
	if (commits_this_frame < COMMITS_PER_FRAME)
		commit_flip();
}

/* One turn: sends, waits for the host or the moment, reads. */
static void turn(long long until)
{
	struct pollfd polled = { wl_display_get_fd(display), POLLIN, 0 };
	struct timespec timeout;
	long long left;

	while (wl_display_prepare_read(display) != 0)
		wl_display_dispatch_pending(display);
	wl_display_flush(display);
	left = until - now_of(CLOCK_MONOTONIC);
	left = left < 0 ? 0 : left;
	timeout.tv_sec = left / SECOND, timeout.tv_nsec = left % SECOND;
	if (ppoll(&polled, 1, &timeout, NULL) > 0)
		wl_display_read_events(display);
	else
		wl_display_cancel_read(display);
	if (wl_display_dispatch_pending(display) < 0)
		fail("dispatch");
}

/* Places the plane as large as it fits, in the middle. */
static void layout(void)
{
	struct wl_region *region = wl_compositor_create_region(compositor);
	int w = window_width, h = (int)((long long)height * window_width / width);

	if (h > window_height)
		h = window_height, w = (int)((long long)width * window_height / height);
	wp_viewport_set_destination(root_viewport, window_width, window_height);
	xdg_surface_set_window_geometry(window, 0, 0, window_width, window_height);
	wl_region_add(region, 0, 0, window_width, window_height);
	wl_surface_set_opaque_region(root, region);
	wl_surface_set_opaque_region(plane, region);
	wl_region_destroy(region);
	if (w != width || h != height)
		wp_viewport_set_destination(plane_viewport, w, h);
}

static void on_toplevel_configure(void *data, struct xdg_toplevel *toplevel, int32_t w, int32_t h, struct wl_array *states)
{
	(void)data, (void)toplevel, (void)states;
	window_width = w ? w : width, window_height = h ? h : height;
}

static void on_close(void *data, struct xdg_toplevel *toplevel)
{
	(void)data, (void)toplevel;
	exit(1);
}
static const struct xdg_toplevel_listener toplevel_listener = { .configure = on_toplevel_configure, .close = on_close };

static void on_configure(void *data, struct xdg_surface *surface, uint32_t serial)
{
	(void)data;
	xdg_surface_ack_configure(surface, serial);
	configured = 1;
	if (committed == 0)
		return;
	layout();
	wl_surface_commit(root);
}
static const struct xdg_surface_listener window_listener = { on_configure };

static void on_ping(void *data, struct xdg_wm_base *base, uint32_t serial)
{
	(void)data;
	xdg_wm_base_pong(base, serial);
}
static const struct xdg_wm_base_listener wm_listener = { on_ping };

static void on_clock(void *data, struct wp_presentation *object, uint32_t id)
{
	(void)data, (void)object;
	clock_id = (int)id;
}
static const struct wp_presentation_listener presentation_listener = { on_clock };

static void on_global(void *data, struct wl_registry *registry, uint32_t name, const char *interface, uint32_t version)
{
	(void)data, (void)version;
#define BIND(variable, type, v) \
	if (!strcmp(interface, type##_interface.name)) \
		variable = wl_registry_bind(registry, name, &type##_interface, v)
	BIND(compositor, wl_compositor, 4);
	BIND(subcompositor, wl_subcompositor, 1);
	BIND(shm, wl_shm, 1);
	BIND(wm, xdg_wm_base, 1);
	BIND(dmabuf, zwp_linux_dmabuf_v1, 3);
	BIND(presentation, wp_presentation, 1);
	BIND(viewporter, wp_viewporter, 1);
	BIND(single_pixel, wp_single_pixel_buffer_manager_v1, 1);
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name)
{
	(void)data, (void)registry, (void)name;
}
static const struct wl_registry_listener registry_listener = { on_global, on_global_remove };

static void on_created(void *data, struct zwp_linux_buffer_params_v1 *params, struct wl_buffer *buffer)
{
	*(struct wl_buffer **)data = buffer;
	imported++;
	zwp_linux_buffer_params_v1_destroy(params);
}

static void on_failed(void *data, struct zwp_linux_buffer_params_v1 *params)
{
	(void)data, (void)params;
	fputs("the host does not import it\n", stderr);
	exit(1);
}
static const struct zwp_linux_buffer_params_v1_listener params_listener = { on_created, on_failed };

/* A udmabuf where there is that driver, else the memfd itself. */
static int allocate(size_t size)
{
	int memory = memfd_create("client", MFD_CLOEXEC | MFD_ALLOW_SEALING), device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	struct udmabuf_create create = { .memfd = (uint32_t)memory, .flags = UDMABUF_FLAGS_CLOEXEC, .size = size };
	int fd = memory;

	if (ftruncate(memory, (off_t)size) < 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		fail("memfd");
	if (device >= 0 && (fd = ioctl(device, UDMABUF_CREATE, &create)) < 0)
		fail("UDMABUF_CREATE");
	close(device);
	return fd;
}

static void make_buffers(void)
{
	int stride = (width * 4 + STRIDE_ALIGNMENT - 1) / STRIDE_ALIGNMENT * STRIDE_ALIGNMENT;
	size_t size = ((size_t)stride * (size_t)height + 4095) & ~(size_t)4095;

	for (int i = 0; i < BUFFERS; i++) {
		int fd = allocate(size);

		if (dmabuf) {
			struct zwp_linux_buffer_params_v1 *params = zwp_linux_dmabuf_v1_create_params(dmabuf);
			zwp_linux_buffer_params_v1_add_listener(params, &params_listener, &buffers[i]);
			zwp_linux_buffer_params_v1_add(params, fd, 0, 0, (uint32_t)stride, 0, 0);
			zwp_linux_buffer_params_v1_create(params, width, height, XRGB8888, 0);
		} else {
			struct wl_shm_pool *pool = wl_shm_create_pool(shm, fd, (int32_t)size);
			buffers[i] = wl_shm_pool_create_buffer(pool, 0, width, height, stride, WL_SHM_FORMAT_XRGB8888);
			wl_shm_pool_destroy(pool);
			imported++;
		}
	}
}

/* Hosts older than the single-pixel buffer get one pixel of wl_shm. */
static struct wl_buffer *black(void)
{
	struct wl_shm_pool *pool;

	if (single_pixel)
		return wp_single_pixel_buffer_manager_v1_create_u32_rgba_buffer(single_pixel, 0, 0, 0, UINT32_MAX);
	pool = wl_shm_create_pool(shm, allocate(4096), 4096);
	return wl_shm_pool_create_buffer(pool, 0, 1, 1, 4, WL_SHM_FORMAT_XRGB8888);
}

static void open_window(int fullscreen)
{
	struct xdg_toplevel *toplevel;
	struct wl_subsurface *subsurface;
	struct wl_region *none = wl_compositor_create_region(compositor);

	root = wl_compositor_create_surface(compositor);
	window = xdg_wm_base_get_xdg_surface(wm, root);
	toplevel = xdg_surface_get_toplevel(window);
	xdg_surface_add_listener(window, &window_listener, NULL);
	xdg_toplevel_add_listener(toplevel, &toplevel_listener, NULL);
	xdg_toplevel_set_title(toplevel, "client");
	if (fullscreen)
		xdg_toplevel_set_fullscreen(toplevel, NULL);
	wl_surface_commit(root);
	plane = wl_compositor_create_surface(compositor);
	subsurface = wl_subcompositor_get_subsurface(subcompositor, plane, root);
	wl_subsurface_set_desync(subsurface);
	wl_surface_set_input_region(plane, none);
	wl_region_destroy(none);
	root_viewport = wp_viewporter_get_viewport(viewporter, root);
	plane_viewport = wp_viewporter_get_viewport(viewporter, plane);
}

static int ascending(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

static void tell(const char *name, long long *values, long count)
{
	qsort(values, (size_t)count, sizeof *values, ascending);
	printf("\"%s\":{\"p50\":%lld,\"p95\":%lld,\"p99\":%lld},", name, count ? values[count * 50 / 100] : 0, count ? values[count * 95 / 100] : 0,
	       count ? values[count * 99 / 100] : 0);
}

int main(int argc, char **argv)
{
	long long next, period, cpu, end;

	if (argc < 4 || sscanf(argv[1], "%dx%d", &width, &height) != 2 || (wanted = atol(argv[3])) > MOST_FLIPS)
		return 2;
	period = (long long)((double)SECOND / atof(argv[2]));
	if (!(display = wl_display_connect(NULL)))
		fail("no host");
	wl_registry_add_listener(wl_display_get_registry(display), &registry_listener, NULL);
	wl_display_roundtrip(display);
	xdg_wm_base_add_listener(wm, &wm_listener, NULL);
	wp_presentation_add_listener(presentation, &presentation_listener, NULL);
	make_buffers();
	open_window(argc > 4);
	while (!configured || imported < BUFFERS)
		if (wl_display_dispatch(display) < 0)
			fail("dispatch");
	layout();
	wl_surface_attach(root, black(), 0, 0);
	wl_surface_damage_buffer(root, 0, 0, INT32_MAX, INT32_MAX);
	next = now_of(CLOCK_MONOTONIC);
	flip(next);
	wl_surface_commit(root);
	while (flips < wanted) {
		long long now;

		turn(next + period);
		if ((now = now_of(CLOCK_MONOTONIC)) < next + period)
			continue;
		next = now > next + 2 * period ? now : next + period;
		flip(now);
	}
	cpu = now_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_at_warm_up;
	end = now_of(CLOCK_MONOTONIC) + SECOND;
	while (presented + discarded < committed && now_of(CLOCK_MONOTONIC) < end)
		turn(end);
	printf("{\"transport\":\"%s\",\"flips\":%ld,\"committed\":%ld,\"presented\":%ld,\"discarded\":%ld,\"coalesced\":%ld,\"zeroCopy\":%ld,",
	       dmabuf ? "dmabuf" : "shm", flips, committed, presented, discarded, coalesced, zero_copy);
	tell("flipToCommitNs", to_commit, committed);
	tell("commitToPresentedNs", to_presented, presented);
	printf("\"cpuNsPerFlip\":%lld}\n", cpu / (flips > WARM_UP ? flips - WARM_UP : 1));
	return 0;
}

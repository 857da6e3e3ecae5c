/* SPDX-License-Identifier: GPL-2.0 */
/* A vGPU without hardware and without a guest: what a client of VFIO's plane interface may meet. ../README.md describes it. */
#ifndef TESTGPU_H
#define TESTGPU_H

#include <linux/dma-resv.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/version.h>
#include <linux/vfio.h>
#include <linux/wait.h>

/* drm_plane_type's numbers, which are the interface's (drm/drm_plane.h). */
enum plane_type { OVERLAY, PRIMARY, CURSOR, PLANES };

enum { MOST_BUFFERS = 8, EDID_MAX = 1024, EDID_OFFSET = 2048, CONSOLE_SIZE = 4 << 20 };

#define NO_HOTSPOT U32_MAX

/* Who can read a dma-buf: everyone; only who does not need the CPU for it (vmap and mmap fail, as GVT-g's). */
enum memory { MEMORY_CPU, MEMORY_DEVICE };

/* How its rows lie in memory: one after the other, or in Intel's tiles of 4 KiB (drm_fourcc.h). */
enum tiling { TILING_NONE, TILING_X, TILING_Y };

/* Where a frame's number is painted. */
enum { TOP_EDGE = 1, BOTTOM_EDGE = 2 };

/* An image in the memory of the "guest", row 0 first. */
struct surface {
	struct kref ref;
	/* Of all its dma-bufs: drawings that are not finished. */
	struct dma_resv drawings;
	void *pixels;
	bool is_console;
	size_t size;
	u32 width, height, stride, format;
	enum tiling tiling;
	enum plane_type plane;
	unsigned int index;
	enum memory memory;
};

struct plane {
	bool on;
	struct surface *buffers[MOST_BUFFERS];
	unsigned int count, shown;
	int x, y;
	u32 hot_x, hot_y;
	u32 frame;
};

/* The next calls of an ioctl fail, or are answered late. */
struct trouble {
	int error;
	unsigned int errors;
	unsigned int stall_ms, stalls;
};

enum call { QUERY, GET, CALLS };

enum job_kind { FLIP, STORM };

/* What the guest's own thread does, at a rate. */
struct job {
	enum job_kind kind;
	u64 period_ns;
	unsigned int left, planes;
};

struct counters {
	unsigned int queries, gets, stale, errors, stalled, modes, flips, objects, exports, highest_id;
};

/* It outlives the device while one of its dma-bufs is open. */
struct testgpu {
	struct kref ref;
	struct mutex lock;

	/* Set at creation: whose rules; whether there is an overlay plane; the region that is shown in place of dma-bufs, or NULL. */
	bool gvt, overlay;
	void *console;

	/* How images are laid out that are made from now on. */
	enum tiling tiling;

	/* Under lock. */
	struct plane planes[PLANES];
	enum memory memory;
	/* How long a flip of the primary plane is shown before its drawing is finished. */
	unsigned int late_ms;
	struct list_head objects;
	struct idr ids;
	u32 next_id;
	bool modeset;
	bool tells_removal, removed;
	struct trouble trouble[CALLS];
	struct counters count;
	struct job job;
	struct {
		u32 size, link;
		u8 blob[EDID_MAX];
	} edid;

	wait_queue_head_t wake, done, unplugged;
	struct task_struct *thread;
};

struct testgpu_device {
	struct vfio_device vdev;
	struct testgpu *gpu;
};

/* objects.c: the ids of the interface, and the dma-bufs */
struct testgpu *testgpu_get(struct testgpu *gpu);
void testgpu_put(struct testgpu *gpu);
long objects_query(struct testgpu *gpu, void __user *arg);
long objects_get(struct testgpu *gpu, void __user *arg);
void objects_close(struct testgpu *gpu);
struct surface *objects_find_surface(struct testgpu *gpu, enum plane_type plane, unsigned int index,
				     u32 width, u32 height, u32 format);

/* drawing.c: what the GPU has not finished, by the fences of the dma-bufs */
struct drawing;
struct drawing *drawing_begin(struct surface *surface, u32 frame);
void drawing_finish(struct drawing *drawing);

/* surface.c */
struct surface *surface_create(struct testgpu *gpu, enum plane_type plane, unsigned int index, u32 width, u32 height, u32 format);
struct surface *surface_get(struct surface *surface);
void surface_put(struct surface *surface);
void surface_number(struct surface *surface, u32 frame, unsigned int edges);
u64 surface_modifier(const struct surface *surface);
u32 surface_rows(const struct surface *surface);
void surface_redraw(struct surface *surface, unsigned int shade);

/* guest.c: what a guest's driver would do */
int guest_start(struct testgpu *gpu);
void guest_stop(struct testgpu *gpu);
int guest_set_plane(struct testgpu *gpu, enum plane_type type, u32 width, u32 height, u32 format, unsigned int count);
int guest_begin(struct testgpu *gpu, struct job job);
int guest_wait(struct testgpu *gpu);
int guest_redraw(struct testgpu *gpu, enum plane_type type);
void guest_drop(struct testgpu *gpu);

/* regions.c: PCI configuration space, the monitor, the console */
long regions_info(struct testgpu *gpu, void __user *arg);
int regions_describe(struct testgpu *gpu, struct vfio_region_info *info, struct vfio_info_cap *caps);
ssize_t regions_read(struct testgpu *gpu, char __user *buf, size_t count, loff_t *at);
ssize_t regions_write(struct testgpu *gpu, const char __user *buf, size_t count, loff_t *at);
u32 regions_count(struct testgpu *gpu);
u32 regions_console(struct testgpu *gpu);
int regions_mmap(struct testgpu *gpu, struct vm_area_struct *vma);

/* control.c */
extern const struct attribute_group *testgpu_groups[];

#endif

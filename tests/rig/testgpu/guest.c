// SPDX-License-Identifier: GPL-2.0
/* What a guest's driver would do: modes, cursor, and flips at a rate, by a thread that sleeps on a high-resolution timer. */
#include <drm/drm_fourcc.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>

#include "testgpu.h"

/* In a storm: more modes than a client keeps ids for, three buffers each; small ones, so that painting them takes no time. */
enum { STORM_MODES = 8, STORM_WIDTH = 336, STORM_HEIGHT = 240, STORM_STEP = 16 };

static void put_buffers(struct surface **buffers)
{
	unsigned int i;

	for (i = 0; i < MOST_BUFFERS; i++) {
		surface_put(buffers[i]);
		buffers[i] = NULL;
	}
}

/* A plane is on with new images of that size; the position stays. */
int guest_set_plane(struct testgpu *gpu, enum plane_type type, u32 width, u32 height, u32 format, unsigned int count)
{
	struct surface *buffers[MOST_BUFFERS] = {}, *s;
	struct plane *plane = &gpu->planes[type];
	unsigned int i;

	if (!count || count > MOST_BUFFERS || (gpu->console && (type != PRIMARY || count > 1)))
		return -EINVAL;
	for (i = 0; i < count; i++) {
		mutex_lock(&gpu->lock);
		s = objects_find_surface(gpu, type, i, width, height, format);
		mutex_unlock(&gpu->lock);
		if (!s)
			s = surface_create(gpu, type, i, width, height, format);
		if (IS_ERR(s)) {
			put_buffers(buffers);
			return PTR_ERR(s);
		}
		buffers[i] = s;
	}

	mutex_lock(&gpu->lock);
	for (i = 0; i < MOST_BUFFERS; i++)
		swap(plane->buffers[i], buffers[i]);
	plane->count = count;
	plane->shown = 0;
	surface_number(plane->buffers[0], plane->frame, TOP_EDGE | BOTTOM_EDGE);
	plane->on = true;
	if (type == PRIMARY)
		gpu->count.modes++;
	mutex_unlock(&gpu->lock);
	put_buffers(buffers);
	return 0;
}

/* In place, in another colour: the interface tells nobody. */
int guest_redraw(struct testgpu *gpu, enum plane_type type)
{
	struct plane *plane = &gpu->planes[type];
	int error = -EINVAL;

	mutex_lock(&gpu->lock);
	if (plane->on) {
		surface_redraw(plane->buffers[plane->shown], 1);
		surface_number(plane->buffers[plane->shown], ++plane->frame, TOP_EDGE | BOTTOM_EDGE);
		error = 0;
	}
	mutex_unlock(&gpu->lock);
	return error;
}

/* The next image is complete before it is shown, or begun only, and then is what is to be finished. */
static struct drawing *flip(struct plane *plane, bool late)
{
	unsigned int next = (plane->shown + 1) % plane->count;
	struct drawing *drawing = late ? drawing_begin(plane->buffers[next], plane->frame + 1) : NULL;

	surface_number(plane->buffers[next], ++plane->frame, drawing ? TOP_EDGE : TOP_EDGE | BOTTOM_EDGE);
	plane->shown = next;
	return drawing;
}

/* Until then, or until the thread is to stop. */
static void sleep_until(ktime_t time)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!kthread_should_stop())
		schedule_hrtimeout(&time, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
}

static void flip_planes(struct testgpu *gpu)
{
	struct drawing *drawing = NULL;
	unsigned int type, late_ms;

	mutex_lock(&gpu->lock);
	late_ms = gpu->late_ms;
	for (type = 0; type < PLANES; type++)
		if (gpu->job.planes & BIT(type) && gpu->planes[type].on)
			drawing = flip(&gpu->planes[type], type == PRIMARY && late_ms) ?: drawing;
	gpu->count.flips++;
	mutex_unlock(&gpu->lock);
	if (!drawing)
		return;
	sleep_until(ktime_add_ms(ktime_get(), late_ms));
	drawing_finish(drawing);
}

/* In turn: no mode can be told; the next mode; a flip in it. It ends with a mode. */
static void storm(struct testgpu *gpu, unsigned int left)
{
	unsigned int n = left / 3 % STORM_MODES;

	switch (left % 3) {
	case 2:
		WRITE_ONCE(gpu->modeset, true);
		break;
	case 1:
		guest_set_plane(gpu, PRIMARY, STORM_WIDTH + n * STORM_STEP, STORM_HEIGHT + n * STORM_STEP, DRM_FORMAT_XRGB8888, 3);
		WRITE_ONCE(gpu->modeset, false);
		break;
	default:
		flip_planes(gpu);
	}
}

static void work(struct testgpu *gpu)
{
	ktime_t next = ktime_get();
	unsigned int left;

	while ((left = READ_ONCE(gpu->job.left)) && !kthread_should_stop()) {
		next = ktime_add_ns(next, gpu->job.period_ns);
		/* A flip that is behind does not come early: what is shown then would be drawn over. */
		if (READ_ONCE(gpu->late_ms) && ktime_before(next, ktime_get()))
			next = ktime_get();
		sleep_until(next);
		if (gpu->job.kind == FLIP)
			flip_planes(gpu);
		else
			storm(gpu, left - 1);
		/* Not if it was set to 0 meanwhile. */
		cmpxchg(&gpu->job.left, left, left - 1);
	}
	WRITE_ONCE(gpu->job.left, 0);
	WRITE_ONCE(gpu->modeset, false);
	wake_up_all(&gpu->done);
}

static int guest_thread(void *data)
{
	struct testgpu *gpu = data;

	sched_set_fifo_low(current);
	while (!kthread_should_stop()) {
		wait_event_interruptible(gpu->wake, kthread_should_stop() || READ_ONCE(gpu->job.left));
		work(gpu);
	}
	return 0;
}

int guest_begin(struct testgpu *gpu, struct job job)
{
	int error = 0;

	mutex_lock(&gpu->lock);
	if (gpu->job.left && job.left)
		error = -EBUSY;
	else if (!job.left)
		WRITE_ONCE(gpu->job.left, 0);
	else
		gpu->job = job;
	mutex_unlock(&gpu->lock);
	wake_up(&gpu->wake);
	return error;
}

int guest_wait(struct testgpu *gpu)
{
	return wait_event_interruptible(gpu->done, !READ_ONCE(gpu->job.left) || READ_ONCE(gpu->removed));
}

int guest_start(struct testgpu *gpu)
{
	gpu->thread = kthread_run(guest_thread, gpu, "testgpu");
	return PTR_ERR_OR_ZERO(gpu->thread);
}

void guest_stop(struct testgpu *gpu)
{
	kthread_stop(gpu->thread);
}

/* The guest's images go with it; those of open dma-bufs stay. */
void guest_drop(struct testgpu *gpu)
{
	unsigned int type;

	mutex_lock(&gpu->lock);
	for (type = 0; type < PLANES; type++) {
		gpu->planes[type].on = false;
		put_buffers(gpu->planes[type].buffers);
	}
	mutex_unlock(&gpu->lock);
}

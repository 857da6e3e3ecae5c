// SPDX-License-Identifier: GPL-2.0
/* The files by which a test plays the guest: control takes commands, state and monitor tell. ../README.md has the commands. */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "testgpu.h"

static struct testgpu *of(struct device *dev)
{
	return ((struct testgpu_device *)dev_get_drvdata(dev))->gpu;
}

static int plane_of(const char *name)
{
	return !strcmp(name, "primary") ? PRIMARY : !strcmp(name, "cursor") ? CURSOR : !strcmp(name, "overlay") ? OVERLAY : -EINVAL;
}

/* "C8" is padded with spaces. */
static u32 fourcc_of(const char *name)
{
	char letters[] = "    ";

	memcpy(letters, name, min_t(size_t, strlen(name), 4));
	return letters[0] | letters[1] << 8 | letters[2] << 16 | (u32)letters[3] << 24;
}

/* show PLANE WIDTHxHEIGHT FOURCC BUFFERS: a mode, a cursor's image. */
static int show(struct testgpu *gpu, const char *words)
{
	unsigned int width, height, count;
	char name[16], fourcc[8];
	int type;

	if (sscanf(words, "%15s %ux%u %7s %u", name, &width, &height, fourcc, &count) != 5)
		return -EINVAL;
	type = plane_of(name);
	return type < 0 ? type : guest_set_plane(gpu, type, width, height, fourcc_of(fourcc), count);
}

/* on|off PLANE */
static int turn(struct testgpu *gpu, const char *words, bool on)
{
	int type = plane_of(words), error = 0;

	if (type < 0)
		return type;
	mutex_lock(&gpu->lock);
	if (gpu->planes[type].count)
		gpu->planes[type].on = on;
	else
		error = -EINVAL;
	mutex_unlock(&gpu->lock);
	return error;
}

/* at PLANE X Y: from the screen's corner, also negative. hot PLANE X Y; -1 -1 for none. */
static int place(struct testgpu *gpu, const char *words, bool is_hotspot)
{
	char name[16];
	int type, x, y;

	if (sscanf(words, "%15s %d %d", name, &x, &y) != 3)
		return -EINVAL;
	type = plane_of(name);
	if (type < 0)
		return type;
	mutex_lock(&gpu->lock);
	if (is_hotspot) {
		gpu->planes[type].hot_x = x;
		gpu->planes[type].hot_y = y;
	} else {
		gpu->planes[type].x = x;
		gpu->planes[type].y = y;
	}
	mutex_unlock(&gpu->lock);
	return 0;
}

/* flip RATE COUNT [PLANE…]: the primary plane, or these, at the same time. */
static int flip(struct testgpu *gpu, char *words)
{
	struct job job = { .kind = FLIP };
	unsigned int rate;
	int used, type;
	char *name;

	if (sscanf(words, "%u %u%n", &rate, &job.left, &used) != 2 || !rate || !job.left)
		return -EINVAL;
	words += used;
	while ((name = strsep(&words, " ")))
		if (*name) {
			type = plane_of(name);
			if (type < 0)
				return type;
			job.planes |= BIT(type);
		}
	job.planes = job.planes ?: BIT(PRIMARY);
	job.period_ns = NSEC_PER_SEC / rate;
	return guest_begin(gpu, job);
}

/* storm RATE COUNT: so many modes, with EFAULT before each, then a flip, at three steps of RATE for a mode. */
static int storm(struct testgpu *gpu, const char *words)
{
	struct job job = { .kind = STORM, .planes = BIT(PRIMARY) };
	unsigned int rate, count;

	if (sscanf(words, "%u %u", &rate, &count) != 2 || !rate || !count)
		return -EINVAL;
	job.left = count * 3;
	job.period_ns = NSEC_PER_SEC / rate;
	return guest_begin(gpu, job);
}

static int call_of(const char *name)
{
	return !strcmp(name, "query") ? QUERY : !strcmp(name, "get") ? GET : -EINVAL;
}

/* fail query|get ERRNO COUNT, queries of the primary plane; stall query|get MILLISECONDS COUNT */
static int hinder(struct testgpu *gpu, const char *words, bool late)
{
	unsigned int value, count;
	char name[16];
	int call;

	if (sscanf(words, "%15s %u %u", name, &value, &count) != 3)
		return -EINVAL;
	call = call_of(name);
	if (call < 0)
		return call;
	mutex_lock(&gpu->lock);
	if (late) {
		gpu->trouble[call].stall_ms = value;
		gpu->trouble[call].stalls = count;
	} else {
		gpu->trouble[call].error = value;
		gpu->trouble[call].errors = count;
	}
	mutex_unlock(&gpu->lock);
	return 0;
}

/* memory cpu|device: of the images that are made from now on. */
static int set_memory(struct testgpu *gpu, const char *word)
{
	static const char *const words[] = { "cpu", "device" };
	int memory = match_string(words, ARRAY_SIZE(words), word);

	if (memory >= 0)
		WRITE_ONCE(gpu->memory, memory);
	return min(memory, 0);
}

/* tiling none|x|y: of the images that are made from now on. */
static int set_tiling(struct testgpu *gpu, const char *word)
{
	static const char *const words[] = { "none", "x", "y" };
	int tiling = match_string(words, ARRAY_SIZE(words), word);

	if (tiling >= 0)
		WRITE_ONCE(gpu->tiling, tiling);
	return min(tiling, 0);
}

/* late MILLISECONDS: from then on a flip is shown so long before it is drawn to its end, which the dma-buf's fence tells. */
static int set_late(struct testgpu *gpu, const char *words)
{
	unsigned int ms;

	if (kstrtouint(words, 10, &ms))
		return -EINVAL;
	mutex_lock(&gpu->lock);
	gpu->late_ms = ms;
	mutex_unlock(&gpu->lock);
	return 0;
}

/* removal told|silent: whether the ioctls of a removed device fail with ENODEV; in-tree drivers' do not. */
static int set_removal(struct testgpu *gpu, const char *word)
{
	WRITE_ONCE(gpu->tells_removal, !strcmp(word, "told"));
	return strcmp(word, "told") && strcmp(word, "silent") ? -EINVAL : 0;
}

static int obey(struct testgpu *gpu, const char *command, char *words)
{
	if (!strcmp(command, "show"))
		return show(gpu, words);
	if (!strcmp(command, "on") || !strcmp(command, "off"))
		return turn(gpu, words, command[1] == 'n');
	if (!strcmp(command, "at") || !strcmp(command, "hot"))
		return place(gpu, words, *command == 'h');
	if (!strcmp(command, "redraw"))
		return plane_of(words) < 0 ? -EINVAL : guest_redraw(gpu, plane_of(words));
	if (!strcmp(command, "flip"))
		return flip(gpu, words);
	if (!strcmp(command, "storm"))
		return storm(gpu, words);
	if (!strcmp(command, "stop"))
		return guest_begin(gpu, (struct job){});
	if (!strcmp(command, "wait"))
		return guest_wait(gpu);
	if (!strcmp(command, "fail") || !strcmp(command, "stall"))
		return hinder(gpu, words, *command == 's');
	if (!strcmp(command, "memory"))
		return set_memory(gpu, words);
	if (!strcmp(command, "tiling"))
		return set_tiling(gpu, words);
	if (!strcmp(command, "late"))
		return set_late(gpu, words);
	if (!strcmp(command, "removal"))
		return set_removal(gpu, words);
	return -EINVAL;
}

static ssize_t control_store(struct device *dev, struct device_attribute *attribute, const char *buf, size_t count)
{
	char line[96], *words, *command;
	int error;

	if (strscpy(line, buf, sizeof(line)) < 0)
		return -E2BIG;
	words = strim(line);
	command = strsep(&words, " ");
	error = obey(of(dev), command, words ?: "");
	return error ?: count;
}
static DEVICE_ATTR_WO(control);

static ssize_t state_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	struct testgpu *gpu = of(dev);
	struct counters c;
	u32 frame, overlay;

	mutex_lock(&gpu->lock);
	c = gpu->count;
	frame = gpu->planes[PRIMARY].frame;
	overlay = gpu->planes[OVERLAY].frame;
	mutex_unlock(&gpu->lock);
	return sysfs_emit(buf, "frame=%u overlay-frame=%u flips=%u modes=%u queries=%u gets=%u stale=%u errors=%u stalled=%u\n"
			  "objects=%u exports=%u highest-id=%u\n", frame, overlay, c.flips, c.modes, c.queries, c.gets, c.stale,
			  c.errors, c.stalled, c.objects, c.exports, c.highest_id);
}
static DEVICE_ATTR_RO(state);

/* The monitor that the guest sees: the size in the EDID's first detailed timing. */
static ssize_t monitor_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	struct testgpu *gpu = of(dev);
	u8 *timing = gpu->edid.blob + 54;

	if (gpu->edid.link != VFIO_DEVICE_GFX_LINK_STATE_UP)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%ux%u\n", timing[2] | (timing[4] & 0xf0) << 4, timing[5] | (timing[7] & 0xf0) << 4);
}
static DEVICE_ATTR_RO(monitor);

static struct attribute *attributes[] = { &dev_attr_control.attr, &dev_attr_state.attr, &dev_attr_monitor.attr, NULL };

static const struct attribute_group group = { .name = "testgpu", .attrs = attributes };

const struct attribute_group *testgpu_groups[] = { &group, NULL };

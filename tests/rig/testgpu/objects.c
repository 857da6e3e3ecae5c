// SPDX-License-Identifier: GPL-2.0
/*
 * The ids of the interface and their dma-bufs, by the rules of i915's GVT-g or of the mbochs sample.
 *
 * GVT-g: the smallest free id; an object lives while one of its dma-bufs is open, or while it was queried and not got since.
 * mbochs: ever new ids, which live until the device is closed; the first query of a new one fails.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <drm/drm_fourcc.h>

#include "testgpu.h"

struct object {
	struct list_head next;
	struct testgpu *gpu;
	struct surface *surface;
	/* Under the device's lock. */
	unsigned int refs;
	u32 id;
	bool queried, listed;
};

static void object_unlist(struct object *object)
{
	if (!object->listed)
		return;
	object->listed = false;
	list_del(&object->next);
	idr_remove(&object->gpu->ids, object->id);
}

static void object_put(struct object *object)
{
	if (--object->refs)
		return;
	object_unlist(object);
	object->gpu->count.objects--;
	surface_put(object->surface);
	kfree(object);
}

static struct object *object_create(struct testgpu *gpu, struct surface *surface)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL);
	int id;

	if (!object)
		return ERR_PTR(-ENOMEM);
	id = idr_alloc(&gpu->ids, object, gpu->gvt ? 1 : gpu->next_id, 0, GFP_KERNEL);
	if (id < 0) {
		kfree(object);
		return ERR_PTR(id);
	}
	gpu->next_id = id + 1;
	gpu->count.objects++;
	gpu->count.highest_id = max_t(u32, gpu->count.highest_id, id);
	object->gpu = gpu;
	object->surface = surface_get(surface);
	object->id = id;
	object->listed = true;
	/* The query's, or the list's; each is dropped once. */
	object->refs = 1;
	object->queried = true;
	list_add(&object->next, &gpu->objects);
	return object;
}

static struct object *object_of(struct testgpu *gpu, struct surface *surface)
{
	struct object *object;

	list_for_each_entry(object, &gpu->objects, next)
		if (object->surface == surface)
			return object;
	return NULL;
}

/* A guest that returns to a mode has its images where it had them, and a driver then finds their objects again. */
struct surface *objects_find_surface(struct testgpu *gpu, enum plane_type plane, unsigned int index,
				     u32 width, u32 height, u32 format)
{
	struct object *object;

	list_for_each_entry(object, &gpu->objects, next) {
		struct surface *s = object->surface;

		if (s->plane == plane && s->index == index && s->width == width && s->height == height &&
		    s->format == format && s->memory == gpu->memory && s->tiling == gpu->tiling)
			return surface_get(s);
	}
	return NULL;
}

/* ---- dma-bufs ---- */

static struct sg_table *buffer_map(struct dma_buf_attachment *attachment, enum dma_data_direction direction)
{
	struct object *object = attachment->dmabuf->priv;
	unsigned int count = DIV_ROUND_UP(object->surface->size, PAGE_SIZE), i;
	struct page **pages = kvmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	int error = -ENOMEM;

	if (!pages || !table)
		goto failed;
	for (i = 0; i < count; i++)
		pages[i] = vmalloc_to_page((u8 *)object->surface->pixels + (size_t)i * PAGE_SIZE);
	error = sg_alloc_table_from_pages(table, pages, count, 0, (size_t)count * PAGE_SIZE, GFP_KERNEL);
	if (error)
		goto failed;
	error = dma_map_sgtable(attachment->dev, table, direction, 0);
	if (error) {
		sg_free_table(table);
		goto failed;
	}
	kvfree(pages);
	return table;
failed:
	kvfree(pages);
	kfree(table);
	return ERR_PTR(error);
}

static void buffer_unmap(struct dma_buf_attachment *attachment, struct sg_table *table, enum dma_data_direction direction)
{
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
	sg_free_table(table);
	kfree(table);
}

static int buffer_mmap(struct dma_buf *buffer, struct vm_area_struct *vma)
{
	struct object *object = buffer->priv;

	if (object->surface->memory != MEMORY_CPU)
		return -ENODEV;
	return remap_vmalloc_range(vma, object->surface->pixels, vma->vm_pgoff);
}

static int buffer_vmap(struct dma_buf *buffer, struct iosys_map *map)
{
	struct object *object = buffer->priv;

	iosys_map_set_vaddr(map, object->surface->pixels);
	return 0;
}

static void buffer_vunmap(struct dma_buf *buffer, struct iosys_map *map)
{
}

static void buffer_release(struct dma_buf *buffer)
{
	struct object *object = buffer->priv;
	struct testgpu *gpu = object->gpu;

	mutex_lock(&gpu->lock);
	gpu->count.exports--;
	object_put(object);
	mutex_unlock(&gpu->lock);
	testgpu_put(gpu);
}

static const struct dma_buf_ops buffer_ops = {
	.map_dma_buf = buffer_map,
	.unmap_dma_buf = buffer_unmap,
	.mmap = buffer_mmap,
	.vmap = buffer_vmap,
	.vunmap = buffer_vunmap,
	.release = buffer_release,
};

/* dma_buf_vmap() warns of a vmap that fails, and not of one that is missing. */
static const struct dma_buf_ops device_buffer_ops = {
	.map_dma_buf = buffer_map,
	.unmap_dma_buf = buffer_unmap,
	.mmap = buffer_mmap,
	.release = buffer_release,
};

/* mbochs' dma-buf has the size of the image, GVT-g's that of its pages. Only GVT-g's descriptor is closed by exec. */
static int object_export(struct object *object)
{
	struct testgpu *gpu = object->gpu;
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *buffer;
	int fd;

	info.ops = object->surface->memory == MEMORY_CPU ? &buffer_ops : &device_buffer_ops;
	info.size = gpu->gvt ? PAGE_ALIGN(object->surface->size) : object->surface->size;
	info.flags = O_RDWR;
	info.priv = object;
	info.resv = &object->surface->drawings;
	buffer = dma_buf_export(&info);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);
	object->refs++;
	gpu->count.exports++;
	testgpu_get(gpu);
	fd = dma_buf_fd(buffer, gpu->gvt ? O_CLOEXEC : 0);
	if (fd < 0)
		dma_buf_put(buffer);
	return fd;
}

/* ---- the ioctls ---- */

/* The next calls may be late. Woken early by a removal. */
static void stall(struct testgpu *gpu, enum call call)
{
	unsigned int ms = 0;

	mutex_lock(&gpu->lock);
	if (gpu->trouble[call].stalls) {
		gpu->trouble[call].stalls--;
		ms = gpu->trouble[call].stall_ms;
		gpu->count.stalled++;
	}
	mutex_unlock(&gpu->lock);
	if (ms)
		wait_event_timeout(gpu->unplugged, READ_ONCE(gpu->removed), msecs_to_jiffies(ms));
}

/* With lock. */
static int gone(struct testgpu *gpu)
{
	return gpu->removed && gpu->tells_removal ? -ENODEV : 0;
}

/* With lock. */
static int trouble(struct testgpu *gpu, enum call call)
{
	struct trouble *t = &gpu->trouble[call];

	if (!t->errors)
		return 0;
	t->errors--;
	gpu->count.errors++;
	return -t->error;
}

/* GVT-g gives the distance from the edge, without its sign (kvmgt's decoder drops it). */
static u32 position(struct testgpu *gpu, int at)
{
	return gpu->gvt ? abs(at) : at;
}

/* With lock. The struct of a plane that is off: GVT-g leaves it alone, mbochs clears it. */
static int describe(struct testgpu *gpu, struct vfio_device_gfx_plane_info *info)
{
	struct plane *plane = &gpu->planes[info->drm_plane_type];
	struct surface *s = plane->on ? plane->buffers[plane->shown] : NULL;
	struct object *object = NULL;
	bool is_new;

	if (!s) {
		if (!gpu->gvt)
			*info = (struct vfio_device_gfx_plane_info){
				.argsz = info->argsz, .flags = info->flags, .drm_plane_type = info->drm_plane_type,
			};
		return 0;
	}
	if (!gpu->console) {
		object = object_of(gpu, s);
		is_new = !object;
		if (is_new)
			object = object_create(gpu, s);
		if (IS_ERR(object))
			return PTR_ERR(object);
		if (is_new && !gpu->gvt)
			return -ENOMEM;
		if (gpu->gvt && !object->queried) {
			object->queried = true;
			object->refs++;
		}
	}
	info->drm_format = s->format;
	info->drm_format_mod = surface_modifier(s);
	info->width = s->width;
	info->height = s->height;
	info->stride = s->stride;
	info->size = s->stride * surface_rows(s);
	info->x_pos = position(gpu, plane->x);
	info->y_pos = position(gpu, plane->y);
	info->x_hot = plane->hot_x;
	info->y_hot = plane->hot_y;
	if (object)
		info->dmabuf_id = object->id;
	else
		info->region_index = regions_console(gpu);
	return 0;
}

long objects_query(struct testgpu *gpu, void __user *arg)
{
	size_t least = offsetofend(struct vfio_device_gfx_plane_info, dmabuf_id);
	u32 kind = gpu->console ? VFIO_GFX_PLANE_TYPE_REGION : VFIO_GFX_PLANE_TYPE_DMABUF;
	struct vfio_device_gfx_plane_info info = {};
	int error;

	if (copy_from_user(&info, arg, least))
		return -EFAULT;
	if (info.argsz < least)
		return -EINVAL;
	if (info.flags & VFIO_GFX_PLANE_TYPE_PROBE)
		return info.flags == (VFIO_GFX_PLANE_TYPE_PROBE | kind) ? 0 : -EINVAL;
	if (info.flags != kind || info.drm_plane_type >= PLANES)
		return -EINVAL;
	if (info.drm_plane_type == OVERLAY && gpu->gvt && !gpu->overlay)
		return -EINVAL;

	stall(gpu, QUERY);
	mutex_lock(&gpu->lock);
	gpu->count.queries++;
	error = gone(gpu);
	if (!error && info.drm_plane_type == PRIMARY)
		error = trouble(gpu, QUERY);
	if (!error && info.drm_plane_type == PRIMARY && gpu->modeset) {
		gpu->count.errors++;
		error = -EFAULT;
	}
	if (!error)
		error = describe(gpu, &info);
	mutex_unlock(&gpu->lock);
	if (error)
		return error;
	return copy_to_user(arg, &info, least) ? -EFAULT : 0;
}

long objects_get(struct testgpu *gpu, void __user *arg)
{
	struct object *object;
	int result;
	u32 id;

	if (get_user(id, (u32 __user *)arg))
		return -EFAULT;
	stall(gpu, GET);
	mutex_lock(&gpu->lock);
	gpu->count.gets++;
	result = gone(gpu) ?: trouble(gpu, GET);
	if (result)
		goto out;
	object = idr_find(&gpu->ids, id);
	if (!object) {
		gpu->count.stale++;
		result = gpu->gvt ? -EINVAL : -ENOENT;
		goto out;
	}
	result = object_export(object);
	if (result >= 0 && gpu->gvt && object->queried) {
		object->queried = false;
		object_put(object);
	}
out:
	mutex_unlock(&gpu->lock);
	return result;
}

/* The device's last descriptor is closed: no id is known any more. GVT-g begins with 1 again. */
void objects_close(struct testgpu *gpu)
{
	struct object *object, *next;

	mutex_lock(&gpu->lock);
	list_for_each_entry_safe(object, next, &gpu->objects, next) {
		object_unlist(object);
		if (object->queried) {
			object->queried = false;
			object_put(object);
		}
	}
	mutex_unlock(&gpu->lock);
}

struct testgpu *testgpu_get(struct testgpu *gpu)
{
	kref_get(&gpu->ref);
	return gpu;
}

static void testgpu_free(struct kref *ref)
{
	struct testgpu *gpu = container_of(ref, struct testgpu, ref);

	idr_destroy(&gpu->ids);
	vfree(gpu->console);
	mutex_destroy(&gpu->lock);
	kfree(gpu);
}

void testgpu_put(struct testgpu *gpu)
{
	kref_put(&gpu->ref, testgpu_free);
}

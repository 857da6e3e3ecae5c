// SPDX-License-Identifier: GPL-2.0
/* A frame that is shown before the GPU has drawn it to its end: the fence of its dma-bufs signals then. Who does not wait sees it torn. */
#include <linux/dma-fence.h>
#include <linux/dma-resv.h>
#include <linux/slab.h>

#include "testgpu.h"

/* The fence is what other drivers hold, and it is freed with the last of them. */
struct drawing {
	struct dma_fence fence;
	spinlock_t lock;
	struct surface *surface;
	u32 frame;
};

static const char *fence_name(struct dma_fence *fence) { return "testgpu"; }

static const struct dma_fence_ops fence_ops = { .get_driver_name = fence_name, .get_timeline_name = fence_name };

/* Each drawing has a timeline of its own. NULL if there is no memory: the frame is then drawn at once. */
struct drawing *drawing_begin(struct surface *surface, u32 frame)
{
	struct drawing *drawing = kzalloc(sizeof(*drawing), GFP_KERNEL);

	if (!drawing)
		return NULL;
	spin_lock_init(&drawing->lock);
	dma_fence_init(&drawing->fence, &fence_ops, &drawing->lock, dma_fence_context_alloc(1), 1);
	drawing->surface = surface_get(surface);
	drawing->frame = frame;
	dma_resv_lock(&surface->drawings, NULL);
	if (!dma_resv_reserve_fences(&surface->drawings, 1)) {
		dma_resv_add_fence(&surface->drawings, &drawing->fence, DMA_RESV_USAGE_WRITE);
		dma_resv_unlock(&surface->drawings);
		return drawing;
	}
	dma_resv_unlock(&surface->drawings);
	surface_put(surface);
	dma_fence_put(&drawing->fence);
	return NULL;
}

void drawing_finish(struct drawing *drawing)
{
	struct surface *surface = drawing->surface;

	surface_number(surface, drawing->frame, BOTTOM_EDGE);
	dma_fence_signal(&drawing->fence);
	dma_fence_put(&drawing->fence);
	surface_put(surface);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The regions of the device: PCI configuration space, which has the vendor, and the one that takes a monitor's EDID.
 * GVT-g's has index 10 (9 is the OpRegion), says that it has 128 bytes although the blob lies at 2048, takes no extension, and
 * takes the link up only with a valid EDID. mbochs' has index 9 and checks nothing. The console is mapped, and not read.
 */
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "testgpu.h"

enum { REGION_SHIFT = 40, CONFIG_SIZE = 256, GVT_EDID_REGION = VFIO_PCI_NUM_REGIONS + 1, MBOCHS_EDID_REGION = VFIO_PCI_NUM_REGIONS,
       OPREGION = VFIO_PCI_NUM_REGIONS, OPREGION_SIZE = 8192, EDID_BLOCK = 128 };

static u32 edid_region(struct testgpu *gpu) { return gpu->gvt ? GVT_EDID_REGION : MBOCHS_EDID_REGION; }

static u32 edid_max(struct testgpu *gpu) { return gpu->gvt ? EDID_BLOCK : EDID_MAX; }

/* The one after the EDID's, if there is one. */
u32 regions_console(struct testgpu *gpu) { return edid_region(gpu) + 1; }

u32 regions_count(struct testgpu *gpu) { return regions_console(gpu) + (gpu->console ? 1 : 0); }

static int add_type(struct vfio_info_cap *caps, u32 type, u32 subtype)
{
	struct vfio_region_info_cap_type cap = {
		.header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1 }, .type = type, .subtype = subtype,
	};

	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}

int regions_describe(struct testgpu *gpu, struct vfio_region_info *info, struct vfio_info_cap *caps)
{
	if (info->index >= regions_count(gpu))
		return -EINVAL;
	info->offset = (u64)info->index << REGION_SHIFT;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	if (info->index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info->size = CONFIG_SIZE;
	} else if (info->index == edid_region(gpu)) {
		info->size = gpu->gvt ? EDID_BLOCK : PAGE_SIZE;
		return add_type(caps, VFIO_REGION_TYPE_GFX, VFIO_REGION_SUBTYPE_GFX_EDID);
	} else if (gpu->console && info->index == regions_console(gpu)) {
		info->size = CONSOLE_SIZE;
		info->flags = VFIO_REGION_INFO_FLAG_MMAP;
	} else if (info->index == OPREGION) {
		info->size = OPREGION_SIZE;
		info->flags = VFIO_REGION_INFO_FLAG_READ;
		return add_type(caps, VFIO_REGION_TYPE_PCI_VENDOR_TYPE | PCI_VENDOR_ID_INTEL, VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION);
	} else {
		info->size = 0;
		info->flags = 0;
	}
	return 0;
}

/* VFIO_DEVICE_GET_REGION_INFO, for kernels whose VFIO leaves all of it to drivers. */
long regions_info(struct testgpu *gpu, void __user *arg)
{
	size_t least = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info = {};
	struct vfio_info_cap caps = {};
	long error;

	if (copy_from_user(&info, arg, least))
		return -EFAULT;
	if (info.argsz < least)
		return -EINVAL;
	error = regions_describe(gpu, &info, &caps);
	if (!error && caps.size) {
		info.flags |= VFIO_REGION_INFO_FLAG_CAPS;
		if (info.argsz < sizeof(info) + caps.size) {
			info.argsz = sizeof(info) + caps.size;
			info.cap_offset = 0;
		} else {
			vfio_info_cap_shift(&caps, sizeof(info));
			if (copy_to_user((u8 __user *)arg + sizeof(info), caps.buf, caps.size))
				error = -EFAULT;
			info.cap_offset = sizeof(info);
		}
	}
	kfree(caps.buf);
	if (error)
		return error;
	return copy_to_user(arg, &info, least) ? -EFAULT : 0;
}

static void read_config(struct testgpu *gpu, u8 *config)
{
	u16 vendor = gpu->gvt ? PCI_VENDOR_ID_INTEL : 0x1234, device = gpu->gvt ? 0x1912 : 0x1111;

	memset(config, 0, CONFIG_SIZE);
	memcpy(config + PCI_VENDOR_ID, &vendor, sizeof(vendor));
	memcpy(config + PCI_DEVICE_ID, &device, sizeof(device));
	config[PCI_CLASS_DEVICE + 1] = PCI_BASE_CLASS_DISPLAY;
}

/* With lock. */
static u32 edid_register(struct testgpu *gpu, loff_t at)
{
	switch (at) {
	case offsetof(struct vfio_region_gfx_edid, edid_offset): return EDID_OFFSET;
	case offsetof(struct vfio_region_gfx_edid, edid_max_size): return edid_max(gpu);
	case offsetof(struct vfio_region_gfx_edid, edid_size): return gpu->edid.size;
	case offsetof(struct vfio_region_gfx_edid, max_xres): return 1920;
	case offsetof(struct vfio_region_gfx_edid, max_yres): return 1200;
	case offsetof(struct vfio_region_gfx_edid, link_state): return gpu->edid.link;
	default: return 0;
	}
}

static bool edid_is_valid(const u8 *blob, u32 size)
{
	static const u8 header[] = { 0, 255, 255, 255, 255, 255, 255, 0 };
	u8 sum = 0;
	u32 i;

	for (i = 0; i < EDID_BLOCK; i++)
		sum += blob[i];
	return size == EDID_BLOCK && !memcmp(blob, header, sizeof(header)) && !sum;
}

/* With lock. What may only be read is ignored, as both drivers do. */
static int set_edid_register(struct testgpu *gpu, loff_t at, u32 value)
{
	switch (at) {
	case offsetof(struct vfio_region_gfx_edid, edid_size):
		if (value > edid_max(gpu))
			return -EINVAL;
		gpu->edid.size = value;
		break;
	case offsetof(struct vfio_region_gfx_edid, link_state):
		if (value != VFIO_DEVICE_GFX_LINK_STATE_UP && value != VFIO_DEVICE_GFX_LINK_STATE_DOWN)
			return -EINVAL;
		if (gpu->gvt && value == VFIO_DEVICE_GFX_LINK_STATE_UP && !edid_is_valid(gpu->edid.blob, gpu->edid.size))
			return -EINVAL;
		gpu->edid.link = value;
		break;
	}
	return 0;
}

static bool is_in_blob(struct testgpu *gpu, loff_t at, size_t count)
{
	return at >= EDID_OFFSET && count <= EDID_MAX && at + count <= EDID_OFFSET + (loff_t)gpu->edid.size;
}

ssize_t regions_read(struct testgpu *gpu, char __user *buf, size_t count, loff_t *position)
{
	u32 index = *position >> REGION_SHIFT, value;
	loff_t at = *position & ((1ull << REGION_SHIFT) - 1);
	u8 bytes[EDID_MAX] = {};

	if (index == VFIO_PCI_CONFIG_REGION_INDEX && at + count <= CONFIG_SIZE) {
		u8 config[CONFIG_SIZE];

		read_config(gpu, config);
		memcpy(bytes, config + at, count);
	} else if (index == edid_region(gpu)) {
		mutex_lock(&gpu->lock);
		if (is_in_blob(gpu, at, count)) {
			memcpy(bytes, gpu->edid.blob + at - EDID_OFFSET, count);
		} else if (at < EDID_OFFSET && count == sizeof(value) && at % sizeof(value) == 0) {
			value = edid_register(gpu, at);
			memcpy(bytes, &value, sizeof(value));
		} else {
			count = 0;
		}
		mutex_unlock(&gpu->lock);
		if (!count)
			return -EFAULT;
	} else if (gpu->gvt && index == OPREGION && at + count <= OPREGION_SIZE) {
		count = min_t(size_t, count, sizeof(bytes));
	} else {
		return -EINVAL;
	}
	if (copy_to_user(buf, bytes, count))
		return -EFAULT;
	*position += count;
	return count;
}

ssize_t regions_write(struct testgpu *gpu, const char __user *buf, size_t count, loff_t *position)
{
	u32 index = *position >> REGION_SHIFT, value;
	loff_t at = *position & ((1ull << REGION_SHIFT) - 1);
	u8 bytes[EDID_MAX];
	int error = -EFAULT;

	/* A VMM writes what nobody here needs. */
	if (index == VFIO_PCI_CONFIG_REGION_INDEX && at + count <= CONFIG_SIZE) {
		*position += count;
		return count;
	}
	if (index != edid_region(gpu))
		return -EINVAL;
	if (count > sizeof(bytes) || copy_from_user(bytes, buf, count))
		return -EFAULT;
	mutex_lock(&gpu->lock);
	if (is_in_blob(gpu, at, count)) {
		memcpy(gpu->edid.blob + at - EDID_OFFSET, bytes, count);
		error = 0;
	} else if (at < EDID_OFFSET && count == sizeof(value) && at % sizeof(value) == 0) {
		memcpy(&value, bytes, sizeof(value));
		error = set_edid_register(gpu, at, value);
	}
	mutex_unlock(&gpu->lock);
	if (error)
		return error;
	*position += count;
	return count;
}

/* Only the console. */
int regions_mmap(struct testgpu *gpu, struct vm_area_struct *vma)
{
	u32 index = vma->vm_pgoff >> (REGION_SHIFT - PAGE_SHIFT);
	unsigned long page = vma->vm_pgoff & ((1ul << (REGION_SHIFT - PAGE_SHIFT)) - 1);

	if (!gpu->console || index != regions_console(gpu))
		return -EINVAL;
	return remap_vmalloc_range(vma, gpu->console, page);
}

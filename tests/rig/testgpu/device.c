// SPDX-License-Identifier: GPL-2.0
/* The mediated device. Its parent is a device of its own, or with card= that of a display card, as GVT-g's is the GPU. */
#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <linux/fs.h>
#include <linux/file.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "testgpu.h"

static char *card;
module_param(card, charp, 0444);
MODULE_PARM_DESC(card, "the node (/dev/dri/cardN) of the display card that the vGPUs are to belong to");

enum { MOST_DEVICES = 16 };

struct kind {
	struct mdev_type type;
	bool gvt, overlay, console;
};

static struct kind kinds[] = {
	{ { .sysfs_name = "gvt", .pretty_name = "GVT-g's rules" }, .gvt = true },
	{ { .sysfs_name = "gvt-overlay", .pretty_name = "GVT-g's rules, and an overlay plane" }, .gvt = true, .overlay = true },
	{ { .sysfs_name = "mbochs", .pretty_name = "mbochs' rules, and an overlay plane" }, .overlay = true },
	{ { .sysfs_name = "region", .pretty_name = "a console in a region" }, .console = true },
};

static struct mdev_type *types[ARRAY_SIZE(kinds)];
static struct mdev_parent parent;
static struct device *root, *owner;

static struct testgpu_device *of(struct vfio_device *vdev)
{
	return container_of(vdev, struct testgpu_device, vdev);
}

static int device_open(struct vfio_device *vdev) { return 0; }

static void device_close(struct vfio_device *vdev) { objects_close(of(vdev)->gpu); }

/* Without one if its creation failed. */
static void device_release(struct vfio_device *vdev)
{
	if (of(vdev)->gpu)
		testgpu_put(of(vdev)->gpu);
}

static ssize_t device_read(struct vfio_device *vdev, char __user *buf, size_t count, loff_t *at)
{
	return regions_read(of(vdev)->gpu, buf, count, at);
}

static ssize_t device_write(struct vfio_device *vdev, const char __user *buf, size_t count, loff_t *at)
{
	return regions_write(of(vdev)->gpu, buf, count, at);
}

static int device_mmap(struct vfio_device *vdev, struct vm_area_struct *vma)
{
	return regions_mmap(of(vdev)->gpu, vma);
}

static long device_info(struct testgpu *gpu, void __user *arg)
{
	struct vfio_device_info info = {};
	size_t least = offsetofend(struct vfio_device_info, num_irqs);

	if (copy_from_user(&info, arg, least))
		return -EFAULT;
	if (info.argsz < least)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	info.num_regions = regions_count(gpu);
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, least) ? -EFAULT : 0;
}

static long device_ioctl(struct vfio_device *vdev, unsigned int cmd, unsigned long arg)
{
	struct testgpu *gpu = of(vdev)->gpu;
	void __user *user = (void __user *)arg;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO: return device_info(gpu, user);
	case VFIO_DEVICE_GET_REGION_INFO: return regions_info(gpu, user);
	case VFIO_DEVICE_QUERY_GFX_PLANE: return objects_query(gpu, user);
	case VFIO_DEVICE_GET_GFX_DMABUF: return gpu->console ? -ENOTTY : objects_get(gpu, user);
	case VFIO_DEVICE_RESET: return 0;
	default: return -ENOTTY;
	}
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
static int device_region(struct vfio_device *vdev, struct vfio_region_info *info, struct vfio_info_cap *caps)
{
	return regions_describe(of(vdev)->gpu, info, caps);
}
#endif

static const struct vfio_device_ops device_ops = {
	.name = "testgpu",
	.release = device_release,
	.open_device = device_open,
	.close_device = device_close,
	.read = device_read,
	.write = device_write,
	.mmap = device_mmap,
	.ioctl = device_ioctl,
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
	.get_region_info_caps = device_region,
#endif
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

static struct testgpu *gpu_create(const struct kind *kind)
{
	struct testgpu *gpu = kzalloc(sizeof(*gpu), GFP_KERNEL);

	if (!gpu)
		return NULL;
	if (kind->console) {
		gpu->console = vmalloc_user(CONSOLE_SIZE);
		if (!gpu->console) {
			kfree(gpu);
			return NULL;
		}
	}
	kref_init(&gpu->ref);
	mutex_init(&gpu->lock);
	INIT_LIST_HEAD(&gpu->objects);
	idr_init(&gpu->ids);
	init_waitqueue_head(&gpu->wake);
	init_waitqueue_head(&gpu->done);
	init_waitqueue_head(&gpu->unplugged);
	gpu->gvt = kind->gvt;
	gpu->overlay = kind->overlay;
	gpu->next_id = 1;
	gpu->planes[CURSOR].hot_x = gpu->planes[CURSOR].hot_y = gpu->gvt ? NO_HOTSPOT : 0;
	return gpu;
}

static int gpu_probe(struct mdev_device *mdev)
{
	const struct kind *kind = container_of(mdev->type, struct kind, type);
	struct testgpu_device *device;
	int error;

	device = vfio_alloc_device(testgpu_device, vdev, &mdev->dev, &device_ops);
	if (IS_ERR(device))
		return PTR_ERR(device);
	device->gpu = gpu_create(kind);
	error = device->gpu ? guest_start(device->gpu) : -ENOMEM;
	if (error)
		goto put;
	dev_set_drvdata(&mdev->dev, device);
	error = vfio_register_emulated_iommu_dev(&device->vdev);
	if (!error)
		return 0;
	guest_stop(device->gpu);
put:
	vfio_put_device(&device->vdev);
	return error;
}

static void gpu_remove(struct mdev_device *mdev)
{
	struct testgpu_device *device = dev_get_drvdata(&mdev->dev);
	struct testgpu *gpu = device->gpu;

	mutex_lock(&gpu->lock);
	gpu->removed = true;
	mutex_unlock(&gpu->lock);
	wake_up_all(&gpu->unplugged);
	wake_up_all(&gpu->done);
	/* Until the device is closed. */
	vfio_unregister_group_dev(&device->vdev);
	guest_stop(gpu);
	guest_drop(gpu);
	vfio_put_device(&device->vdev);
}

static unsigned int gpu_available(struct mdev_type *type) { return MOST_DEVICES; }

static struct mdev_driver driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.max_instances = MOST_DEVICES,
	.driver = {
		.name = "testgpu",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = testgpu_groups,
	},
	.probe = gpu_probe,
	.remove = gpu_remove,
	.get_available = gpu_available,
};

/* The device behind a card's node. */
static struct device *device_of(const char *node)
{
	struct file *file = filp_open(node, O_RDWR, 0);
	struct drm_file *drm;
	struct device *device;

	if (IS_ERR(file))
		return ERR_CAST(file);
	drm = file->private_data;
	device = get_device(drm->minor->dev->dev);
	fput(file);
	return device;
}

static int __init testgpu_init(void)
{
	int error, i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		types[i] = &kinds[i].type;
	root = root_device_register("testgpu");
	if (IS_ERR(root))
		return PTR_ERR(root);
	owner = card ? device_of(card) : get_device(root);
	if (IS_ERR(owner)) {
		error = PTR_ERR(owner);
		goto unregister_root;
	}
	error = mdev_register_driver(&driver);
	if (error)
		goto put_owner;
	error = mdev_register_parent(&parent, owner, &driver, types, ARRAY_SIZE(types));
	if (!error)
		return 0;
	mdev_unregister_driver(&driver);
put_owner:
	put_device(owner);
unregister_root:
	root_device_unregister(root);
	return error;
}

static void __exit testgpu_exit(void)
{
	mdev_unregister_parent(&parent);
	mdev_unregister_driver(&driver);
	put_device(owner);
	root_device_unregister(root);
}

module_init(testgpu_init);
module_exit(testgpu_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("a vGPU for tests of VFIO's plane interface");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif

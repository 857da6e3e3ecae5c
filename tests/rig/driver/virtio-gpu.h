// Drives a virtio-gpu-pci,blob=true: its screen is resources that are blobs of the guest's own RAM, which QEMU exports
// as dma-bufs.
#ifndef VIRTIO_GPU_H
#define VIRTIO_GPU_H

#include "steps.h"

enum { VIRTIO_GPU_MAX_BUFFERS = 16 };

// Uses the device that pci_find_display() has found, and flips between that many buffers.
const struct guest *virtio_gpu_guest(unsigned buffers);

#endif

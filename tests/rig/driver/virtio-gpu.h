// The guest of a virtio-gpu-pci,blob=true: its screen is resources that are blobs of the guest's own RAM, which QEMU
// makes dma-bufs of.
#ifndef VIRTIO_GPU_H
#define VIRTIO_GPU_H

#include "steps.h"

enum { VIRTIO_GPU_MAX_BUFFERS = 16 };

// Takes the device that pci_find_display() has found, to be flipped between so many buffers.
const struct guest *virtio_gpu_guest(unsigned buffers);

#endif

// A virtio device on the PCI bus, by its modern interface.
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stddef.h>
#include <stdint.h>

enum { VIRTIO_QUEUES = 2 };

// The location of the queues in the guest's RAM. A PC has other things in its first megabyte, and 0 is not a valid ring address.
enum { VIRTIO_RINGS_ADDRESS = 0x100000, VIRTIO_RINGS_SIZE = 0x20000 };

// Resets the device, requests the features (bits 0 to 31) and sets up its queues in the guest's RAM, which is mapped
// at RAM.
void virtio_start(uint8_t *ram, uint32_t features);

// Sends a request on one of the queues and waits for the device's answer.
void virtio_request(unsigned queue, const void *request, size_t request_size, void *answer, size_t answer_size);

#endif

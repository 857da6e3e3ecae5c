#include <errno.h>
#include <string.h>

#include "fail.h"
#include "pci.h"
#include "qtest.h"
#include "timing.h"
#include "virtio.h"

// The vendor capability of a structure: its BAR and offset.
enum { CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_NOTIFY_MULTIPLIER = 16, TYPE_COMMON = 1, TYPE_NOTIFY = 2 };

// The common structure's registers.
enum {
	FEATURES_OFFERED_SELECT = 0x00,
	FEATURES_OFFERED = 0x04,
	FEATURES_SELECT = 0x08,
	FEATURES = 0x0c,
	STATUS = 0x14,
	QUEUE_SELECT = 0x16,
	QUEUE_SIZE = 0x18,
	QUEUE_ENABLE = 0x1c,
	QUEUE_NOTIFY_OFFSET = 0x1e,
	QUEUE_DESCRIPTORS = 0x20,
	QUEUE_AVAILABLE = 0x28,
	QUEUE_USED = 0x30,
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FEATURE_VERSION_1 = 1 /* bit 32 */ };

enum { ENTRIES = 16, DESCRIPTOR_NEXT = 1, DESCRIPTOR_WRITE = 2 };

struct descriptor {
	uint64_t address;
	uint32_t size;
	uint16_t flags, next;
};

// One page for each part that the device is given; 64 KiB in all.
struct ring {
	struct descriptor descriptors[ENTRIES] __attribute__((aligned(4096)));
	struct {
		uint16_t flags, index, entries[ENTRIES];
	} available __attribute__((aligned(4096)));
	struct {
		uint16_t flags, index;
		struct {
			uint32_t id, size;
		} entries[ENTRIES];
	} used __attribute__((aligned(4096)));
	uint8_t request[0x4000] __attribute__((aligned(4096)));
	uint8_t answer[0x1000];
	uint8_t unused[0x8000];
};
_Static_assert(sizeof(struct ring) * VIRTIO_QUEUES == VIRTIO_RINGS_SIZE, "the rings' room");

static uint64_t common;
static struct {
	struct ring *ring;
	uint64_t address; // in the guest
	uint64_t doorbell;
} queues[VIRTIO_QUEUES];

static unsigned find_structure(unsigned type)
{
	unsigned capability = 0;

	errno = 0;
	do {
		capability = pci_next_capability(capability, PCI_CAPABILITY_VENDOR);
		if (!capability)
			fail("not a modern virtio device");
	} while (pci_read(capability) >> 8 * CAP_TYPE != type);
	return capability;
}

static uint64_t address_of(unsigned capability)
{
	unsigned bar = pci_read(capability + CAP_BAR) & 0xff;

	return pci_bar(bar) + pci_read(capability + CAP_OFFSET);
}

static void set_address(unsigned reg, uint64_t address)
{
	qtest_write32(common + reg, address);
	qtest_write32(common + reg + 4, address >> 32);
}

static void start_queue(unsigned index, uint8_t *ram, uint64_t notify, uint32_t notify_multiplier)
{
	uint64_t address = VIRTIO_RINGS_ADDRESS + index * sizeof(struct ring);
	struct ring *ring = (struct ring *)(ram + address);

	memset(ring, 0, sizeof *ring);
	qtest_write16(common + QUEUE_SELECT, index);
	qtest_write16(common + QUEUE_SIZE, ENTRIES);
	set_address(QUEUE_DESCRIPTORS, address + offsetof(struct ring, descriptors));
	set_address(QUEUE_AVAILABLE, address + offsetof(struct ring, available));
	set_address(QUEUE_USED, address + offsetof(struct ring, used));
	queues[index].ring = ring;
	queues[index].address = address;
	queues[index].doorbell = notify + notify_multiplier * qtest_read16(common + QUEUE_NOTIFY_OFFSET);
	qtest_write16(common + QUEUE_ENABLE, 1);
}

static void negotiate(uint32_t features)
{
	errno = 0;
	qtest_write32(common + FEATURES_OFFERED_SELECT, 0);
	if ((qtest_read32(common + FEATURES_OFFERED) & features) != features)
		fail("the device does not have the features 0x%x", features);
	qtest_write32(common + FEATURES_SELECT, 0);
	qtest_write32(common + FEATURES, features);
	qtest_write32(common + FEATURES_SELECT, 1);
	qtest_write32(common + FEATURES, FEATURE_VERSION_1);
}

void virtio_start(uint8_t *ram, uint32_t features)
{
	unsigned notify = find_structure(TYPE_NOTIFY);
	uint8_t status = ACKNOWLEDGE | DRIVER;

	common = address_of(find_structure(TYPE_COMMON));
	qtest_write8(common + STATUS, 0);
	qtest_write8(common + STATUS, status);
	negotiate(features);
	qtest_write8(common + STATUS, status |= FEATURES_OK);
	if (!(qtest_read8(common + STATUS) & FEATURES_OK))
		fail("the device refuses the features 0x%x", features);
	for (unsigned i = 0; i < VIRTIO_QUEUES; i++)
		start_queue(i, ram, address_of(notify), pci_read(notify + CAP_NOTIFY_MULTIPLIER));
	qtest_write8(common + STATUS, status | DRIVER_OK);
}

// Polled: the ring is in shared memory, and no interrupt controller is set up.
static void wait_for(const volatile uint16_t *used, uint16_t index)
{
	const int64_t deadline = now() + 30 * NS_PER_S;

	errno = 0;
	while (__atomic_load_n(used, __ATOMIC_ACQUIRE) != index) {
		if (now() > deadline)
			fail("the device has not answered for 30 s");
		sleep_ns(100 * NS_PER_US);
	}
}

void virtio_request(unsigned queue, const void *request, size_t request_size, void *answer, size_t answer_size)
{
	struct ring *ring = queues[queue].ring;
	uint64_t address = queues[queue].address;
	uint16_t index = ring->available.index;

	if (request_size > sizeof ring->request || answer_size > sizeof ring->answer)
		fail("a request of %zu bytes is too large", request_size);
	memcpy(ring->request, request, request_size);
	ring->descriptors[0] = (struct descriptor){
		.address = address + offsetof(struct ring, request),
		.size = request_size,
		.flags = DESCRIPTOR_NEXT,
		.next = 1,
	};
	ring->descriptors[1] = (struct descriptor){
		.address = address + offsetof(struct ring, answer),
		.size = answer_size,
		.flags = DESCRIPTOR_WRITE,
	};
	ring->available.entries[index % ENTRIES] = 0;
	__atomic_store_n(&ring->available.index, ++index, __ATOMIC_RELEASE);
	qtest_write16(queues[queue].doorbell, queue);
	wait_for(&ring->used.index, index);
	memcpy(answer, ring->answer, answer_size);
}

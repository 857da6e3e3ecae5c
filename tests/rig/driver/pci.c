#include <errno.h>

#include "fail.h"
#include "pci.h"
#include "qtest.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc, SLOTS = 32 };
enum { COMMAND = 0x04, CLASS = 0x08, BAR_0 = 0x10, CAPABILITIES = 0x34 };
enum { COMMAND_MEMORY_AND_MASTER = 6, CLASS_DISPLAY = 3, BAR_TYPE = 6, BAR_64_BITS = 4, BAR_FLAGS = 15 };

// Above the RAM of a small guest; each slot has 128 MiB, which its BARs share.
static const uint32_t ROOM = 0xc0000000, ROOM_OF_SLOT = 0x08000000, ROOM_OF_BAR = 0x01000000;

static unsigned device;

static void select_register(unsigned slot, unsigned offset)
{
	qtest_out32(CONFIG_ADDRESS, 0x80000000 | slot << 11 | (offset & ~3u));
}

static uint32_t read_of(unsigned slot, unsigned offset)
{
	select_register(slot, offset);
	return qtest_in32(CONFIG_DATA);
}

uint32_t pci_read(unsigned offset) { return read_of(device, offset); }

static uint8_t read_byte(unsigned offset) { return pci_read(offset) >> 8 * (offset & 3); }

static void write_register(unsigned offset, uint32_t value)
{
	select_register(device, offset);
	qtest_out32(CONFIG_DATA, value);
}

static bool is_display(unsigned slot) { return read_of(slot, CLASS) >> 24 == CLASS_DISPLAY; }

void pci_find_display(int slot)
{
	errno = 0;
	for (device = slot < 0 ? 0 : slot; device < SLOTS; device++) {
		if (is_display(device))
			return;
		if (slot >= 0)
			break;
	}
	fail("no display device on the PCI bus");
}

uint64_t pci_bar(unsigned bar)
{
	unsigned offset = BAR_0 + 4 * bar;
	uint32_t value = pci_read(offset), size;

	if (value & ~BAR_FLAGS)
		return value & ~BAR_FLAGS;

	write_register(offset, 0xffffffff);
	size = -(pci_read(offset) & ~BAR_FLAGS);
	errno = 0;
	// The VRAM is in the first BAR, and may use the space of the second: no display has both.
	if (!size || size > (bar ? ROOM_OF_BAR : 2 * ROOM_OF_BAR) || device * (uint64_t)ROOM_OF_SLOT + ROOM >= 0xf8000000)
		fail("slot %u has no BAR %u, or it is too large for us", device, bar);
	value = ROOM + device * ROOM_OF_SLOT + bar * ROOM_OF_BAR;
	write_register(offset, value);
	if ((pci_read(offset) & BAR_TYPE) == BAR_64_BITS)
		write_register(offset + 4, 0);
	write_register(COMMAND, (pci_read(COMMAND) & 0xffff) | COMMAND_MEMORY_AND_MASTER);
	return value;
}

unsigned pci_next_capability(unsigned after, unsigned kind)
{
	unsigned offset = read_byte(after ? after + 1 : CAPABILITIES);

	while (offset && read_byte(offset) != kind)
		offset = read_byte(offset + 1);
	return offset;
}

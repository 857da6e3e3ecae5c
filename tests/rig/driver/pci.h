// The display device of a QEMU with a q35 board: its place on the PCI bus, and its memory.
#ifndef PCI_H
#define PCI_H

#include <stdbool.h>
#include <stdint.h>

enum { PCI_SLOT_ANY = -1, PCI_CAPABILITY_VENDOR = 9 };

// The first device of the display class, or the one in the slot. No other code may run in the guest: no firmware
// has run before us, and BARs are placed wherever there is room.
void pci_find_display(int slot);

uint32_t pci_read(unsigned offset);

// The address of a memory BAR, which gets enabled; it is placed there unless an earlier driver has done it.
uint64_t pci_bar(unsigned bar);

// The offset of the next capability of a kind after one, or of the first after 0; 0 if there are no more.
unsigned pci_next_capability(unsigned after, unsigned kind);

#endif

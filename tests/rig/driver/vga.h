// Drives a card with Bochs' VBE registers behind a QEMU: -device VGA, or an mbochs by vfio-pci.
#ifndef VGA_H
#define VGA_H

#include "steps.h"

// Uses the device that pci_find_display() has found, with 32 or (QEMU's VGA only) 8 bits per pixel.
const struct guest *vga_guest(unsigned bits);

#endif

// The "dispi" registers of Bochs' display, which QEMU's VGA and the kernel's mbochs both have.
#ifndef VBE_H
#define VBE_H

// In the memory BAR of the registers: 16 bits each, and only 16-bit accesses work.
enum { BAR_VRAM = 0, BAR_REGISTERS = 2, VBE_BASE = 0x500 };

enum vbe_register {
	VBE_ID,
	VBE_XRES,
	VBE_YRES,
	VBE_BPP,
	VBE_ENABLE,
	VBE_BANK,
	VBE_VIRT_WIDTH,
	VBE_VIRT_HEIGHT,
	VBE_X_OFFSET,
	VBE_Y_OFFSET,
};
// QEMU would clear the VRAM on enabling, unless bit 0x80 is set.
enum { VBE_ID_ANY = 0xb0c0, VBE_DISABLED = 0, VBE_ENABLED_LINEAR = 0xc1 };

typedef void vbe_writer(enum vbe_register index, unsigned value);

// Enables a display that is off: DEPTH bits per pixel; VIRTUAL_HEIGHT lines of VRAM, of which HEIGHT are
// shown, starting with the first.
void vbe_set_mode(vbe_writer *write, unsigned width, unsigned height, unsigned virtual_height, unsigned depth);

// mbochs only exports memory that starts on a page: a second picture below the first may have to start a few lines lower.
unsigned vbe_second_line(unsigned width, unsigned height);

#endif

#include <stdint.h>

#include "vbe.h"

void vbe_set_mode(vbe_writer *write, unsigned width, unsigned height, unsigned virtual_height, unsigned depth)
{
	write(VBE_XRES, width);
	write(VBE_YRES, height);
	write(VBE_BPP, depth);
	write(VBE_VIRT_WIDTH, width);
	write(VBE_VIRT_HEIGHT, virtual_height);
	write(VBE_X_OFFSET, 0);
	write(VBE_Y_OFFSET, 0);
	write(VBE_ENABLE, VBE_ENABLED_LINEAR);
}

unsigned vbe_second_line(unsigned width, unsigned height)
{
	while ((uint64_t)width * 4 * height % 4096)
		height++;
	return height;
}

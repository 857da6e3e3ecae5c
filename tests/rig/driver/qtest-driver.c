// Drives the display device of a QEMU without guest code, by qtest (-qtest unix:SOCKET).
// usage: qtest-driver SOCKET vga|vga8|vfio|blob [--slot N] [--buffers N] STEP…
// The devices and the steps are described in ../README.md.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "pci.h"
#include "qtest.h"
#include "steps.h"
#include "timing.h"
#include "vga.h"
#include "virtio-gpu.h"

static void usage(void)
{
	errno = 0;
	fail("usage: qtest-driver SOCKET vga|vga8|vfio|blob [--slot N] [--buffers N] STEP…");
}

static const struct guest *guest_of(const char *device, unsigned buffers)
{
	if (!strcmp(device, "vga") || !strcmp(device, "vfio"))
		return vga_guest(32);
	if (!strcmp(device, "vga8"))
		return vga_guest(8);
	if (strcmp(device, "blob") || buffers < 1 || buffers > VIRTIO_GPU_MAX_BUFFERS)
		usage();
	return virtio_gpu_guest(buffers);
}

int main(int argc, char **argv)
{
	sigset_t set = ending_signals();
	int slot = PCI_SLOT_ANY, buffers = 2, step;

	setvbuf(stdout, NULL, _IOLBF, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);

	for (step = 3; step + 1 < argc && !strncmp(argv[step], "--", 2); step += 2) {
		if (!strcmp(argv[step], "--slot"))
			slot = atoi(argv[step + 1]);
		else if (!strcmp(argv[step], "--buffers"))
			buffers = atoi(argv[step + 1]);
		else
			usage();
	}
	if (step >= argc)
		usage();

	qtest_connect(argv[1]);
	pci_find_display(slot);
	run_steps(guest_of(argv[2], buffers), argv + step, argc - step);
	print_last_frame();
	return 0;
}

// The RAM of a QEMU that has it in a memfd (memory-backend-memfd,share=on), mapped as the guest's CPU sees it.
#ifndef GUEST_RAM_H
#define GUEST_RAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_ram {
	uint8_t *bytes; // from the guest's address 0 on
	size_t size;
};

struct guest_ram map_guest_ram(pid_t qemu);

#endif

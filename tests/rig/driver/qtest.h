// QEMU's qtest protocol: accesses of the guest's CPU, requested by lines of text (docs/devel/testing/qtest.rst in QEMU).
#ifndef QTEST_H
#define QTEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

void qtest_connect(const char *path);

// The QEMU at the other end.
pid_t qtest_pid(void);

void qtest_out32(uint16_t port, uint32_t value);
uint32_t qtest_in32(uint16_t port);

// Accesses to memory, which may be a device's.
uint8_t qtest_read8(uint64_t address);
uint16_t qtest_read16(uint64_t address);
uint32_t qtest_read32(uint64_t address);
void qtest_write8(uint64_t address, uint8_t value);
void qtest_write16(uint64_t address, uint16_t value);
void qtest_write32(uint64_t address, uint32_t value);

// Writes a block, whose pages QEMU marks as dirty; complete after qtest_wait() or another access.
void qtest_post(uint64_t address, const void *bytes, size_t count);
void qtest_wait(void);

#endif

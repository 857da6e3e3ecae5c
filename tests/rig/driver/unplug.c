/* A GPU that is unplugged: LD_PRELOAD=unplug.so UNPLUG=N guestplane show …
 * After N queries of a timeline each DRM call fails, as the kernel's do on a device that has gone. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/ioctl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* drm/drm.h, which is not among Linux' headers everywhere. */
enum { DRM_BASE = 'd' };
static const unsigned long SYNCOBJ_QUERY = 0xc01864cb;

int ioctl(int fd, unsigned long request, ...)
{
	static int queries;
	char *most = getenv("UNPLUG");
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (request == SYNCOBJ_QUERY)
		queries++;
	if (_IOC_TYPE(request) == DRM_BASE && most && queries > atoi(most)) {
		errno = ENODEV;
		return -1;
	}
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

#define _GNU_SOURCE
#include <time.h>

#include "timing.h"

bool terminated;

int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	return set;
}

bool take_signal(int64_t deadline)
{
	sigset_t set = ending_signals();
	int64_t left = deadline - now();
	struct timespec t = { 0, 0 };
	int signal;

	if (left > 0) {
		t.tv_sec = left / NS_PER_S;
		t.tv_nsec = left % NS_PER_S;
	}
	signal = deadline == INT64_MAX ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &t);
	if (signal == SIGTERM || signal == SIGINT)
		terminated = true;
	return signal > 0;
}

bool sleep_until(int64_t deadline)
{
	do {
		if (take_signal(deadline))
			return false;
	} while (now() < deadline);
	return true;
}

void sleep_ns(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	nanosleep(&t, NULL);
}

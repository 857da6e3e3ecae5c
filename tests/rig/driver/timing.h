// Time, and the signals that end a wait.
#ifndef TIMING_H
#define TIMING_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define NS_PER_US 1000LL

// True if SIGTERM or SIGINT was received.
extern bool terminated;

int64_t now(void);

// SIGTERM, SIGINT and SIGCHLD. They stay blocked and are only received while we sleep, so no step is left half done.
sigset_t ending_signals(void);

// Waits for one of them until DEADLINE, INT64_MAX for ever; false if none was received.
bool take_signal(int64_t deadline);

// A short sleep that signals do not end.
void sleep_ns(int64_t ns);

// False if the steps are to end: by a signal, or because a child has ended.
bool sleep_until(int64_t deadline);

#endif

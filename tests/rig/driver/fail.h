#ifndef FAIL_H
#define FAIL_H

// Ends the program with status 1 and a message, which names errno unless that is 0.
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

#endif
